"""The header in the OpenAPI document of a project that has drf-spectacular make it."""

from collections.abc import Callable
from typing import Any, TypeVar

from rest_framework.settings import api_settings

from ramet.calls.context import LONGEST_KEY
from ramet.idempotency.keys import HEADER

__all__ = ["with_header"]

View = TypeVar("View", bound=Callable[..., Any])


def with_header(view: View, *, required: bool) -> View:
    """The view with the header among its parameters; untouched where Spectacular is not used."""
    ancestors = getattr(api_settings.DEFAULT_SCHEMA_CLASS, "__mro__", ())
    if not any(each.__module__ == "drf_spectacular.openapi" for each in ancestors):
        return view
    from drf_spectacular.utils import OpenApiParameter, extend_schema

    parameter = OpenApiParameter(
        HEADER,
        {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
        OpenApiParameter.HEADER,
        required=required,
        description="A value of your own, new for each request; repeat it with the same body at"
        " will: it has one effect, and the same answer.",
    )
    described: View = extend_schema(parameters=[parameter])(view)
    return described
