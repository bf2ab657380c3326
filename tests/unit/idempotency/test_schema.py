"""The header in the OpenAPI document, where drf-spectacular makes it, and nowhere else."""

from typing import Any

from django.test import override_settings
from django.urls import include, path
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ViewSet

import ramet

SPECTACULAR = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}


def documented(viewset: type[ViewSet]) -> dict[str, Any]:
    """The parameters of each operation by method and path."""
    from drf_spectacular.generators import SchemaGenerator

    router = SimpleRouter()
    router.register("orders", viewset, basename="order")
    document = SchemaGenerator(patterns=[path("", include(router.urls))]).get_schema()  # type: ignore[no-untyped-call]
    return {
        f"{method} {url}": {each["name"]: each for each in operation.get("parameters", ())}
        for url, operations in document["paths"].items()
        for method, operation in operations.items()
    }


@override_settings(REST_FRAMEWORK=SPECTACULAR)
def test_marked_methods_and_actions_have_the_header() -> None:
    from drf_spectacular.utils import OpenApiParameter, extend_schema

    class Orders(ViewSet):
        @extend_schema(
            parameters=[OpenApiParameter("dry", bool)], request=None, responses={201: None}
        )
        @ramet.idempotent
        def create(self, request: Request) -> Response: ...

        @extend_schema(request=None, responses={202: None})
        @ramet.idempotent(required=False)
        @action(detail=False, methods=["post"])
        def empty(self, request: Request) -> Response: ...

        @extend_schema(responses={200: None})
        def list(self, request: Request) -> Response: ...

    found = documented(Orders)
    assert set(found["post /orders/"]) == {"Idempotency-Key", "dry"}
    header = found["post /orders/"]["Idempotency-Key"]
    assert (header["in"], header["required"]) == ("header", True)
    assert header["schema"] == {"type": "string", "minLength": 1, "maxLength": 255}
    assert not found["post /orders/empty/"]["Idempotency-Key"].get("required", False)
    assert found["get /orders/"] == {}


def test_a_project_without_spectacular_is_left_alone() -> None:
    class Orders(ViewSet):
        @ramet.idempotent
        def create(self, request: Request) -> Response: ...

    assert not hasattr(Orders.create, "kwargs")
