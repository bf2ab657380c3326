"""An answer as text that is kept, and back: status, headers and body, byte for byte."""

import base64
import json
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

__all__ = ["REPLAYED", "restored", "stored"]

REPLAYED = "Idempotent-Replayed"
"""A header of answers that were kept: `true`. For people who look; nothing depends on it."""


def stored(response: HttpResponseBase, request: Request) -> str:
    """Render the answer and return it as text. Cookies are not kept: they are of one moment.

    Raises TypeError for one that is streamed.
    """
    if not isinstance(response, HttpResponse):
        raise TypeError(
            f"{type(response).__name__} cannot be kept for an Idempotency-Key: its content is"
            " streamed. Give an answer whose content is known, or leave the view unmarked."
        )
    _render(response, request)
    try:
        body: Any = response.content.decode()
    except UnicodeDecodeError:
        body = {"base64": base64.b64encode(response.content).decode()}
    headers = list(response.headers.items())
    return json.dumps({"status": response.status_code, "headers": headers, "body": body})


def restored(text: str) -> HttpResponse:
    """The answer that `stored` made into text."""
    kept = json.loads(text)
    body = kept["body"]
    content = base64.b64decode(body["base64"]) if isinstance(body, dict) else body.encode()
    response = HttpResponse(content, status=kept["status"])
    del response.headers["Content-Type"]  # Django's default: an empty answer has none
    for name, value in kept["headers"]:
        response.headers[name] = value
    response.headers[REPLAYED] = "true"
    return response


def _render(response: HttpResponse, request: Request) -> None:
    """Make the content now: what cannot be rendered must not have had an effect."""
    if isinstance(response, Response):
        # As APIView.finalize_response does, which comes too late for us and changes nothing then.
        renderer: Any = request.accepted_renderer
        response.accepted_renderer = renderer
        response.accepted_media_type = request.accepted_media_type or renderer.media_type
        view: Any = request.parser_context["view"]
        response.renderer_context = view.get_renderer_context()  # type: ignore[attr-defined]
    render = getattr(response, "render", None)
    if callable(render):
        render()
