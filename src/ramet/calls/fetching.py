"""`fetch`: plain HTTP to another service, for what is no operation of a contract.

A program that is not Django, or a public route such as the provider's token endpoint. The name in
the call is what gives the right to it (`ramet.system.least_privilege`), so write it out there.
Where the service lives in this very process, Django is asked directly: over HTTP it would need a
second free thread of the same server, and a few requests that wait for themselves would stop it.
"""

import json
import sys
import time
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from structlog.contextvars import bind_contextvars

from ramet.calls import charsets, context, metrics, spans
from ramet.calls.caller import making_service
from ramet.calls.client import remote_address
from ramet.calls.errors import DeadlineExceeded, RemoteError
from ramet.calls.ids import ids_in, ids_to_send
from ramet.calls.transactions import refuse_inside_transaction
from ramet.calls.wellformed import refuse_foreign, refuse_malformed
from ramet.errors import DiagnosticError, Mistake
from ramet.placement import Here, here

__all__ = ["Answer", "fetch"]

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})  # safe methods (RFC 9110, section 9.2.1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answered, whatever its status; names of headers are in lower case.

    The values of a header that comes several times are joined by a comma (RFC 9110, section 5.3).
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; ValueError where it is none."""
        return json.loads(self.body)


def fetch(
    service: str,
    path: str,
    /,
    *,
    method: str = "GET",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    seconds: float = 5.0,
) -> Answer:
    """Ask a service of this system for a path of its own, with its query, and return the answer.

    `path` begins with a slash and is percent-encoded, as by `urllib.parse.quote`. The request seems
    to be for the system's public address, unless `headers` says another `Host`. Only what `headers`
    holds goes along, not the user's token. Redirects are not followed. Raises Unavailable where
    nobody answers and DeadlineExceeded after `seconds`, or earlier where the work at hand has less
    time left; CallInsideTransaction as a call does; DiagnosticError for a service that ramet.toml
    does not know; ValueError for a path outside of the service's routes, and for a path, method or
    header that does not mean the same in every placement (`ramet.calls.wellformed`).
    """
    refuse_malformed(method, path, headers or {})
    place = here()
    if service not in place.system.services:
        raise DiagnosticError(
            Mistake(
                "unknown-service",
                where="ramet.fetch",
                found=repr(service),
                expected=f"a service of {place.system.path.name}: "
                f"{', '.join(place.system.services)}",
                remedy="name the service that has the path among its routes",
            )
        )
    refuse_foreign(place.system, service, path)
    refuse_inside_transaction(f'ramet.fetch("{service}", ...)')
    left = context.remaining()
    seconds = seconds if left is None else min(seconds, left)
    if seconds <= 0:
        raise DeadlineExceeded("no time was left to ask")
    caller = making_service(1)
    started, outcome = time.monotonic(), "failed"
    with spans.fetching(service, method, path, caller, seconds) as span:
        try:
            answer = _fetched(place, service, caller, method, path, body, headers or {}, seconds)
            outcome = f"{answer.status // 100}xx"
        except RemoteError as error:
            outcome = error.code
            raise
        finally:
            took = time.monotonic() - started
            metrics.FETCHES.record(took, caller or metrics.UNKNOWN, service, outcome)
        span.set_attribute("http.response.status_code", answer.status)
        if answer.status >= 500:
            span.fail(f"answered {answer.status}")
        return answer


def _fetched(
    place: Here,
    service: str,
    caller: str | None,
    method: str,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    seconds: float,
) -> Answer:
    sent = {**_usual_headers(place), **{k.lower(): v.strip() for k, v in headers.items()}}
    if place.has(service):
        # An empty context: the inner request must not see, or clear, the caller of the outer one.
        return Context().run(_in_this_process, caller, method, path, body, sent, seconds)
    from ramet.calls import transport  # libcurl is loaded by processes that call others only

    sent["x-ramet-service"] = service
    sent["x-envoy-upstream-rq-timeout-ms"] = str(max(1, int(seconds * 1000)))
    if method in _REPEATABLE:
        sent["x-ramet-idempotent"] = "1"
    # To curl, "x:" takes a header away, and "x;" is one without a value.
    lines = [f"{name}: {value}" if value else f"{name};" for name, value in sent.items()]
    address = remote_address(place, service, caller)
    return Answer(*transport.exchange(address, method, path, body, lines, seconds=seconds))


def _usual_headers(place: Here) -> dict[str, str]:
    public = urlsplit(place.environment.public_url)
    found = {"host": public.netloc, "x-forwarded-proto": public.scheme}
    return found | ids_to_send()


def _variable(name: str) -> str:
    variable = name.upper().replace("-", "_")
    return variable if variable == "CONTENT_TYPE" else f"HTTP_{variable}"


@cache
def _django() -> Any:
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()


def _in_this_process(
    caller: str | None,
    method: str,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    seconds: float,
) -> Answer:
    from django.core.handlers.wsgi import WSGIRequest

    url = urlsplit(f"{headers['x-forwarded-proto']}://{headers['host']}{path}")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),  # as PEP 3333 has it
        "QUERY_STRING": url.query,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": url.hostname or "localhost",
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        **{_variable(name): value for name, value in headers.items()},
    }
    charsets.drop_unusable(environ)
    context.calling_service.set(caller)
    bind_contextvars(**ids_in(environ))
    with context.use_deadline(seconds):
        # Not by calling the handler as WSGI does: its signals of a request begun and finished would
        # let Django tidy up the database connection that the outer request is still using.
        response = _django().get_response(WSGIRequest(environ))
    said = response.getvalue() if response.streaming else response.content
    if method == "HEAD" or response.status_code in (204, 304):
        said = b""  # no server would send it (RFC 9110, section 6.4.1)
    answered = {name.lower(): value for name, value in response.items()}
    if cookies := [morsel.OutputString() for morsel in response.cookies.values()]:
        answered["set-cookie"] = ", ".join(cookies)
    return Answer(response.status_code, answered, said)
