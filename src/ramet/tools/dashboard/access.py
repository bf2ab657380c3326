"""Who is answered: nobody but the person who has the token, and no page but the dashboard's own.

What stands between a page somewhere on the web and these pages, each layer by itself:

- Host: a page may point its own name at 127.0.0.1 and read what its visitor's browser gets from
  there (DNS rebinding); it cannot choose the Host header.
- The token: it comes in a link that `ramet up` prints, and becomes a cookie that scripts cannot
  read (HttpOnly) and that other sites' requests do not carry (SameSite=Strict).
- Sec-Fetch-Site: pages on another port of this machine are the same *site*, and their requests do
  carry the cookie; the browser says so here (Fetch Metadata, W3C).
- Origin: whatever changes something must come from this very origin. Every browser sends the
  header with POST (Fetch Standard, "append a request Origin header"), so its absence is a no, too.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ramet.tools.dashboard.settings import Settings

__all__ = ["HEADERS", "Access", "cookie_name", "cookie_value", "local_path", "login_link"]

_OPEN = frozenset({"/live", "/static/dashboard.css", "/static/dashboard.js", "/login"})
# By their whole paths: what else there may be below /v1/ is nobody's without the token.
_INGEST = frozenset({"/v1/traces", "/v1/logs", "/v1/metrics"})
_SAFE = frozenset({"GET", "HEAD"})

HEADERS = {
    # No 'unsafe-inline': neither scripts nor styles that a log line or a mail brings ever count.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer: with that, a browser's own forms come with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def login_link(port: int, token: str) -> str:
    """What a person opens to be let in."""
    return f"http://localhost:{port}/?token={quote(token, safe='')}"


def cookie_name(port: int) -> str:
    """Cookies do not tell ports apart: two dashboards would throw each other's visitor out."""
    return f"ramet-dashboard-{port}"


def cookie_value(settings: Settings) -> str:
    """Not the token itself: a browser sends the cookie to every port of this machine."""
    key = settings.token.encode()
    return hmac.new(key, f"cookie {settings.port}".encode(), hashlib.sha256).hexdigest()


def local_path(path: str) -> str:
    """`path` on this server: of two slashes at its beginning a browser would make another host.

    Also where tabs or line ends stand between them, which it leaves out (WHATWG URL, "basic URL
    parser").
    """
    return "/" + path.lstrip("/\\\t\r\n")


class Access:
    """ASGI middleware in front of everything; see the module for what it asks."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._cookie_value = cookie_value(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = self._refusal(scope, Headers(scope=scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Why this request does not get in; None: it does."""
        path: str = scope["path"]
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._settings.hosts:
            return _plain("This page is answered on localhost only.", 421)
        # Programs send telemetry, which need no token; `otlp` refuses what a web page sends.
        if path in _INGEST or path in _OPEN:
            return None
        if not _is_ours(scope, headers, hosts[0].lower()):
            return _plain("Not from another page.", 403)
        if scope["method"] == "GET":
            entered = self._entered(path, scope["query_string"].decode("latin-1"))
            if entered is not None:
                return entered
        if self._has_cookie(scope):
            return None
        if _wants_page(scope, headers):
            return RedirectResponse(f"/login?{urlencode({'to': path})}", 303, HEADERS)
        return _plain("Open the dashboard by the link that `ramet up` prints.", 401)

    def _entered(self, path: str, query: str) -> Response | None:
        """Somebody came by the link: keep the cookie, and get the token out of the address bar."""
        fields = parse_qsl(query, keep_blank_values=True)
        tokens = [value for name, value in fields if name == "token"]
        if not tokens:
            return None
        if not hmac.compare_digest(tokens[-1].encode(), self._settings.token.encode()):
            refused = urlencode({"to": path, "wrong": "1"})
            return RedirectResponse(f"/login?{refused}", 303, HEADERS)
        rest = urlencode([(name, value) for name, value in fields if name != "token"])
        target = quote(local_path(path)) + (f"?{rest}" if rest else "")
        response = RedirectResponse(target, 303, HEADERS)
        response.set_cookie(
            cookie_name(self._settings.port),
            self._cookie_value,
            max_age=30 * 24 * 3600,
            httponly=True,
            samesite="strict",
        )
        return response

    def _has_cookie(self, scope: Scope) -> bool:
        found = HTTPConnection(scope).cookies.get(cookie_name(self._settings.port), "")
        return hmac.compare_digest(found.encode(), self._cookie_value.encode())


def _is_ours(scope: Scope, headers: Headers, host: str) -> bool:
    """Whether a page of ours, or a person at the address bar, made the browser ask."""
    if scope["method"] not in _SAFE:
        site = headers.get("sec-fetch-site", "same-origin")
        return headers.getlist("origin") == [f"http://{host}"] and site == "same-origin"
    if headers.get("sec-fetch-site", "none") in {"none", "same-origin"}:
        return True
    # A link on another page may lead here. Images, frames and scripts of others may not.
    how = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return how == ("navigate", "document")


def _wants_page(scope: Scope, headers: Headers) -> bool:
    accept = headers.get("accept", "")
    return scope["method"] in _SAFE and "text/html" in accept and "event-stream" not in accept


def _plain(text: str, status: int) -> Response:
    return PlainTextResponse(text + "\n", status, HEADERS)
