"""Requests from this server to the OpenID provider, past the browser."""

import urllib.error
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import ramet
from ramet.placement import here

TIMEOUT_SECONDS = 5.0
_LONGEST_ANSWER = 256 * 1024


class ProviderUnavailable(Exception):
    """The provider did not answer, or not with what its protocol promises."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said."""

    status: int
    body: bytes


def ask(url: str, form: dict[str, str] | None = None) -> Answer:
    """POST `form` to the provider's public `url`, or GET it where there is no form.

    Within five seconds, or ProviderUnavailable. A provider that is a service of this system is
    reached where that service lives; the address that browsers use is only its name.
    """
    body = urlencode(form).encode() if form is not None else b""
    headers = {"Accept": "application/json"}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if here().system.gateway.issuer == "users":
        return _of_users(url, "GET" if form is None else "POST", body, headers)
    return _elsewhere(urllib.request.Request(url, body or None, headers))  # noqa: S310 - https


def _of_users(url: str, method: str, body: bytes, headers: dict[str, str]) -> Answer:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {**headers, "Host": parts.netloc, "X-Forwarded-Proto": parts.scheme}
    try:
        answer = ramet.fetch(
            "users", path, method=method, body=body, headers=headers, seconds=TIMEOUT_SECONDS
        )
    except (ramet.Unavailable, ramet.DeadlineExceeded) as error:
        raise ProviderUnavailable(f"no answer from {parts.path}: {error}") from error
    return Answer(answer.status, answer.body)


def _elsewhere(request: urllib.request.Request) -> Answer:
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return Answer(answer.status, answer.read(_LONGEST_ANSWER))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read(_LONGEST_ANSWER))
    except OSError as error:
        raise ProviderUnavailable(f"no answer from {request.full_url}: {error}") from error
