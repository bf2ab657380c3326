"""Error answers as RFC 9457 problem details, for DRF and for plain Django views.

It stands below calls, so remote errors are recognised by the names of their classes: an API that
passes on what another service said needs no code for it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from traceback import walk_tb
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

__all__ = [
    "MEDIA_TYPE",
    "ProblemResponse",
    "bad_request",
    "exception_handler",
    "not_found",
    "permission_denied",
    "problem",
    "server_error",
]

MEDIA_TYPE = "application/problem+json"

# Remote error classes of ramet.calls (by name, nearest ancestor first) and what a browser is told.
# 409: the request was understood and is refused by the present state of the business.
# 502: the other service misbehaved; its text is not the browser's business.
_REMOTE: Mapping[str, tuple[HTTPStatus, str]] = {
    "Refused": (HTTPStatus.CONFLICT, ""),
    "InvalidArgument": (HTTPStatus.BAD_REQUEST, ""),
    "TooLarge": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large."),
    "Forbidden": (HTTPStatus.FORBIDDEN, "You may not do this."),
    "Unauthenticated": (HTTPStatus.UNAUTHORIZED, "The access token was not accepted."),
    "DeadlineExceeded": (HTTPStatus.GATEWAY_TIMEOUT, "A service took too long to answer."),
    "Unavailable": (HTTPStatus.SERVICE_UNAVAILABLE, "A service cannot be reached at the moment."),
    "RemoteError": (HTTPStatus.BAD_GATEWAY, "A service answered with an error."),
}
_RETRY_AFTER_SECONDS = "1"

# Levels of a body that are the client's doing when the stack overflows; an API's own need a few.
_DEEP = 100


class ProblemResponse(Response):
    """A problem as a DRF response: JSON whatever was negotiated, except in DRF's own pages."""

    @property
    def rendered_content(self) -> Any:
        renderer: BaseRenderer | None = getattr(self, "accepted_renderer", None)
        if not isinstance(renderer, BrowsableAPIRenderer):
            # A client that asks for CSV still has to be told why there is none.
            self.accepted_renderer = JSONRenderer()
            self.accepted_media_type = MEDIA_TYPE
            self.content_type = MEDIA_TYPE
        return super().rendered_content


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's `EXCEPTION_HANDLER`: every expected error as `application/problem+json`.

    Gives `None` for anything else, so that a bug of ours stays a logged 500. As DRF's own handler
    does, it marks the request's transaction for roll-back.
    """
    request = context.get("request")
    answer = (
        _remote_answer(exc, request)
        or _django_answer(exc, request)
        or _recursion_answer(exc, request)
    )
    if answer is not None:
        set_rollback()
    return answer


def problem(
    status: int,
    detail: str = "",
    *,
    request: HttpRequest | None = None,
    code: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """A problem document as a plain Django response, for views and middleware outside DRF.

    `code` is a kebab-case reference that programs may compare; `errors` are `{path, detail}`.
    """
    document = _document(status, detail, request=request, code=code, errors=errors)
    return JsonResponse(document, status=status, content_type=MEDIA_TYPE, headers=headers)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For `handler400` of a URLconf."""
    return problem(400, "The request is not well formed.", request=request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For `handler403` of a URLconf."""
    return problem(403, "You may not do this.", request=request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For `handler404` of a URLconf."""
    return problem(404, f"There is nothing at {request.path}.", request=request)


def server_error(request: HttpRequest) -> HttpResponse:
    """For `handler500` of a URLconf; the cause is in the log, under the same request id."""
    return problem(500, "The service failed; the cause is in its log.", request=request)


def _django_answer(exc: Exception, request: Any) -> Response | None:
    if isinstance(exc, Http404):
        exc = exceptions.NotFound(*(a for a in exc.args if isinstance(a, str) and a))
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied(*(a for a in exc.args if isinstance(a, str) and a))
    elif isinstance(exc, RequestDataTooBig):
        return _response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large.", request)
    elif isinstance(exc, SuspiciousOperation):
        return _response(HTTPStatus.BAD_REQUEST, "The request is not well formed.", request)
    if not isinstance(exc, exceptions.APIException):
        return None

    headers: dict[str, str] = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if isinstance(exc, exceptions.ValidationError):
        errors = [{"path": path, "detail": detail} for path, detail in _flatten(exc.detail)]
        count = len(errors)
        detail = f"{count} field{'' if count == 1 else 's'} of the request cannot be accepted."
        if all(not error["path"] for error in errors):
            detail = " ".join(error["detail"] for error in errors)
        return _response(
            exc.status_code,
            detail,
            request,
            code="validation-error",
            errors=errors,
            headers=headers,
        )
    detail = " ".join(text for _, text in _flatten(exc.detail))
    code = exc.get_codes()
    return _response(
        exc.status_code,
        detail,
        request,
        code=_kebab(code) if isinstance(code, str) else "",
        headers=headers,
    )


def _remote_answer(exc: Exception, request: Any) -> Response | None:
    """The answer for an error of `ramet.calls`, or of a subclass that a contract declares."""
    for ancestor in type(exc).__mro__:
        known = _REMOTE.get(ancestor.__name__)
        if known is None or not ancestor.__module__.startswith("ramet.calls"):
            continue
        status, detail = known
        if ancestor.__name__ == "Refused":
            return _refusal(exc, request)
        if ancestor.__name__ == "InvalidArgument":
            # What the client sent was passed on, and the contract's types did not accept it.
            wrong = {"path": getattr(exc, "path", ""), "detail": getattr(exc, "problem", str(exc))}
            return _response(
                status, wrong["detail"], request, code="invalid-argument", errors=[wrong]
            )
        headers = {}
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = _RETRY_AFTER_SECONDS
        if status is HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return _response(status, detail, request, code=_kebab(ancestor.__name__), headers=headers)
    return None


def _recursion_answer(exc: Exception, request: Any) -> Response | None:
    """400 where the body is nested so deeply that it exhausted Python's stack."""
    if not isinstance(exc, RecursionError):
        return None
    # Parsers let it through, and where the stack just sufficed for them, a field fails that quotes
    # what it refuses. Any other recursion without end is a bug of ours.
    in_parser = any(
        frame.f_globals.get("__name__") == Request.__module__ and frame.f_code.co_name == "_parse"
        for frame, _ in walk_tb(exc.__traceback__)
    )
    if not in_parser and not _is_deep(getattr(request, "_full_data", None)):
        return None
    detail = "The body is nested too deeply."
    return _response(HTTPStatus.BAD_REQUEST, detail, request, code="nested-too-deeply")


def _is_deep(body: Any) -> bool:
    """Whether a parsed body has more than `_DEEP` levels; found without recursion."""
    level = [body]
    for _ in range(_DEEP):
        level = [
            inner
            for outer in level
            if isinstance(outer, (Mapping, list))
            for inner in (outer.values() if isinstance(outer, Mapping) else outer)
        ]
    return bool(level)


def _refusal(exc: Exception, request: Any) -> Response:
    """A refusal by the name of its class, with the typed fields that its contract declares."""
    # One whose class is not known here is a plain Refused that carries the name.
    name = str(getattr(exc, "wire_name", type(exc).__name__)).rpartition(".")[2]
    code = _kebab(name)
    # The text of a declared refusal names operation and fields, for logs; plain ones are words.
    plain = str(getattr(exc, "message", exc)) if type(exc).__name__ == "Refused" else ""
    response = _response(
        HTTPStatus.CONFLICT, plain or code.replace("-", " ").capitalize() + ".", request, code=code
    )
    if fields := getattr(exc, "fields", None):
        response.data["fields"] = dict(fields)
    return response


def _response(
    status: int,
    detail: str,
    request: Any,
    *,
    code: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> ProblemResponse:
    document = _document(status, detail, request=request, code=code, errors=errors)
    return ProblemResponse(document, status=status, headers=dict(headers or {}))


def _document(
    status: int,
    detail: str,
    *,
    request: Any,
    code: str,
    errors: Sequence[Mapping[str, str]],
) -> dict[str, Any]:
    # RFC 9457, 4.2.1: with "about:blank" the title is the status phrase; `code` tells more.
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
    }
    if detail:
        document["detail"] = detail
    if request is not None:
        document["instance"] = request.path
        if request_id := request.headers.get("x-request-id"):
            document["request_id"] = request_id
    if code:
        document["code"] = code
    if errors:
        document["errors"] = [dict(error) for error in errors]
    return document


def _flatten(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """DRF's nested errors as (path, text) pairs: `lines[0].quantity`; `""` is the whole body."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            yield from _flatten(inner, _join(path, key))
    elif isinstance(detail, (list, tuple)):
        for position, inner in enumerate(detail):
            # A list of texts belongs to the field; a list of mappings to the items of the field.
            nested = isinstance(inner, (Mapping, list, tuple))
            yield from _flatten(inner, f"{path}[{position}]" if nested else path)
    else:
        yield _writable(path), _writable(str(detail))


def _writable(text: str) -> str:
    """The text with half surrogates spelled out: an error may quote what no answer can carry."""
    return text.encode("utf-8", "backslashreplace").decode()


def _join(path: str, key: Any) -> str:
    if key == api_settings.NON_FIELD_ERRORS_KEY:
        return path
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else str(key)


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", "-", name).lower()
