"""`ramet.RemoteKey`: a link to another service's model, which is an id and nothing more."""

from typing import Any, TypeVar, overload

from django.db import models

__all__ = ["RemoteKey", "remote_model"]

_Key = TypeVar("_Key", bound="models.Field[Any, Any]")


@overload
def RemoteKey(to: str, *, key: type[_Key], **options: Any) -> _Key: ...
@overload
def RemoteKey(to: str, **options: Any) -> "models.UUIDField[Any, Any]": ...
def RemoteKey(  # noqa: N802 - used as a field's class is
    to: str, *, key: "type[models.Field[Any, Any]]" = models.UUIDField, **options: Any
) -> Any:
    """A column for the id of another service's object, such as `RemoteKey("users.User")`.

    `to` is documentation, shown by `ramet manifest` and the checks: no join, no constraint, no
    cascade, and the object may be gone. The column has an index unless `db_index=False`. In
    migrations it is a plain `key` field, so that it is ordinary Django with or without Ramet, and
    an existing column of that type needs no SQL. Other options are those of `key`.
    """
    options.setdefault("db_index", True)
    field = key(**options)
    # On the instance, which Django copies for inheriting models. A field class of our own would
    # put Ramet into the project's migrations.
    field.remote_model = to  # type: ignore[attr-defined]
    return field


def remote_model(field: object) -> str | None:
    """What a field made by `RemoteKey` refers to; None for any other field."""
    target: str | None = getattr(field, "remote_model", None)
    return target
