"""The OpenAPI document: of one service, made by itself, and of the whole API, from a file.

In a process of its own a service cannot know the others' serializers, so the whole document is
written in the monolith and committed; a test keeps it up to date. To write it:
`manage.py spectacular --format openapi-json --file shop/openapi.json --validate`
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularJSONAPIView

from ramet import problems, public
from ramet.identity.drf import Public

WHOLE = Path(__file__).with_name("openapi.json")

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "What programs may compare."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "detail"],
                "properties": {
                    "path": {"type": "string", "examples": ["lines[0].quantity"]},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def schema_view(urlconf: str) -> Callable[..., HttpResponse]:
    """A view that makes the document of the URLs in one module. Anyone may read it."""
    view: Callable[..., HttpResponse] = SpectacularJSONAPIView.as_view(
        urlconf=urlconf, permission_classes=[Public]
    )
    return view


@public
def whole_schema(request: HttpRequest) -> HttpResponse:
    """The document of the whole public API, whichever services live here."""
    if request.method not in ("GET", "HEAD"):
        return problems.problem(
            405, "This document is only read.", request=request, headers={"Allow": "GET, HEAD"}
        )
    return HttpResponse(WHOLE.read_bytes(), content_type="application/vnd.oai.openapi+json")


class AccessToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How `ramet.identity.drf.TokenAuthentication` is described."""

    target_class = "ramet.identity.drf.TokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "openIdConnect",
            "openIdConnectUrl": "/o/.well-known/openid-configuration",
        }


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Spectacular's hook: every operation may also answer with a problem."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = {"description": "A problem.", "content": content}
    return result
