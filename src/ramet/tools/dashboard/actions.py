"""What changes something: a form's POST, done, and back to a page that says what was done.

`access` has checked by then that it is our own form, and a person with the token, who sends it.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ramet.tools.dashboard.access import HEADERS, local_path

__all__ = ["action", "done", "heard", "said"]

_LONGEST_FORM = 1 << 20
_SAID = "ramet-said"


def action(path: str, handle: Callable[[Request, dict[str, str]], Response]) -> Route:
    """A route for POST that calls `handle` in a thread, with the form's fields (the last of each).

    A form is refused that is not `application/x-www-form-urlencoded`, or longer than 1 MiB.
    """

    async def endpoint(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return PlainTextResponse("A form is expected.\n", 415, HEADERS)
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > _LONGEST_FORM:
                return PlainTextResponse("This form is too long.\n", 413, HEADERS)
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        return await run_in_threadpool(handle, request, fields)

    return Route(path, endpoint, methods=["POST"])


def done(back: str, text: str, *, failed: bool = False) -> Response:
    """Back to the page `back`, which says `text` once."""
    response = RedirectResponse(local_path(back), 303, HEADERS)
    said_text = quote(f"{'!' if failed else ' '}{text[:1000]}")
    response.set_cookie(_SAID, said_text, max_age=60, httponly=True, samesite="strict")
    return response


def said(request: Request) -> tuple[str, bool] | None:
    """What `done` left for this page: the text, and whether it tells of a failure."""
    text = unquote(request.cookies.get(_SAID, ""))
    return (text[1:], text[0] == "!") if text else None


def heard(response: Response) -> None:
    """The page has said it; it will not say it again."""
    response.delete_cookie(_SAID, httponly=True, samesite="strict")
