"""Names of permissions -> the model, or the app, that they are about."""

from __future__ import annotations

from ramet.tools.assess.linking.behaviour.places import Places

__all__ = ["permission_target"]

_ACTIONS = frozenset(("add", "change", "delete", "view"))


def permission_target(name: str, places: Places) -> str | None:
    """`orders.add_order` -> `orders.Order`; the app where the permission is of no one model."""
    app, _, codename = name.partition(".")
    if not places.is_app(app):
        return None
    action, _, model = codename.partition("_")
    if action in _ACTIONS:
        label = places.model_named(f"{app}.{model}")
        if label is not None:
            return label
    return app
