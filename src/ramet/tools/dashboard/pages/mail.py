"""Mail: what the local system wrote instead of sending it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ramet.tools.dashboard import mails
from ramet.tools.dashboard.access import HEADERS
from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.rendering import Entry

__all__ = ["ENTRY", "routes"]

ENTRY = Entry("Mail", "/mail", "M3 6h18v12H3zM3 7l9 7 9-7")

_SANDBOX = {
    **HEADERS,
    # A mail's own styles are inline. They can do no harm here: in the sandbox there is no script,
    # no form and no origin, and nothing may be loaded from anywhere, so that no sender learns
    # that the mail was looked at.
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}


def routes(context: Context) -> list[Route]:
    """The list and its stream, one mail, and its HTML for the sandboxed frame."""
    folder = context.settings.mails

    def page(request: Request) -> Response:
        return context.renderer.page(request, "mail.html", mails=mails.all_mails(folder))

    def stream(request: Request) -> Response:
        return context.renderer.stream(
            request, "mail_list.html", lambda: {"mails": mails.all_mails(folder)}
        )

    def one(request: Request) -> Response:
        mail = mails.find(folder, request.path_params["key"])
        if mail is None:
            return context.renderer.missing(request, "such mail")
        view = request.query_params.get("view", "")
        views = [name for name, part in (("html", mail.html), ("text", mail.text)) if part]
        chosen = view if view in views else (views or ["text"])[0]
        return context.renderer.page(
            request, "mail_one.html", mail=mail, views=views, chosen=chosen
        )

    def html(request: Request) -> Response:
        mail = mails.find(folder, request.path_params["key"])
        if mail is None:
            return context.renderer.missing(request, "such mail")
        return Response(mail.html, 200, _SANDBOX, "text/html; charset=utf-8")

    return [
        Route("/mail", page),
        Route("/mail/stream", stream),
        Route("/mail/{key}", one),
        Route("/mail/{key}/html", html),
    ]
