"""Keeps secrets, and e-mail addresses, out of logs and traces: in a field or within a text.

A log is read by more people, and kept longer, than anything that it tells of. Django attaches the
whole request to its records of 4xx and 5xx answers; an OAuth callback's has the code in its query.
"""

import re
import sys
from typing import Any

from structlog.typing import EventDict, WrappedLogger

from ramet.system import path_secrets
from ramet.telemetry import paths
from ramet.telemetry.secret_names import REDACTED, TELLTALE, WHOLE, is_secret

__all__ = ["REDACTED", "redact_field", "redact_fields", "redact_text", "request_types"]

_DEEPEST = 8

# A name around a secret part; bounded, so that a hostile text takes linear time.
_NAME = rf"(?<![\w-])[\w-]{{0,40}}(?:{TELLTALE})[\w-]{{0,40}}"
_WORDS = tuple({word.replace("_?", part) for word in TELLTALE.split("|") for part in ("", "_")})
# All up to the bracket that closes a sentence of PostgreSQL's, without a way back: in linear time.
_UP_TO = r"(?:[^)]{{0,4000}}+\)(?!{0})){{0,40}}+[^)]{{0,4000}}+(?=\){0})"
_END_OF_ROW = r"\.(?:[\s\x1b]|\\n|\\?[\"']|$)"
_END_OF_KEY = r" (?:already exists|is (?:not present|still)|conflicts )"
_END_OF_DETAIL = r"[^()\n\"'\\]{0,200}(?:\n|\\n|\\?[\"']|\x1b|$)"
# Words of which the text has one wherever the pattern matches, the pattern, what replaces it.
# No pattern matches quotes or backslashes in the secret: a line of JSON stays one.
_IN_TEXT: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    # A JWT, signed, encrypted or without a signature (RFC 7519, RFC 7516).
    (("eyj",), re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*){1,3}"), REDACTED),
    # The credentials of an Authorization header (RFC 9110, 11.4), long enough to be no word.
    (
        ("bearer", "basic", "dpop"),
        re.compile(r"(?i)\b(bearer|basic|dpop)( +)[\w.~+/-]{16,}=*"),
        rf"\1\2{REDACTED}",
    ),
    # A parameter of a query, a fragment or a form.
    (
        ("=",),
        re.compile(rf"(?i)([?&#](?:{'|'.join(sorted(WHOLE))})=)[^&#\s\"'<>\\]+"),
        rf"\1{REDACTED}",
    ),
    # `password=...`, and `'password': '...'` of a dict or a JSON object that became text.
    (
        _WORDS,
        re.compile(rf"(?i)({_NAME}=)[^&#,;\s\"'<>\\]+"),
        rf"\1{REDACTED}",
    ),
    (
        _WORDS,
        re.compile(rf"(?i)({_NAME}\\?[\"']: ?b?\\?[\"'])[^\"'\\]+(?=\\?[\"'])"),
        rf"\1{REDACTED}",
    ),
    # The values of a row that PostgreSQL refuses, in what it says of it: hashes of passwords,
    # names. Up to the end of that sentence, whatever is in it, in a line of JSON as well.
    (
        ("failing row contains (",),
        re.compile(rf"(?i)(Failing row contains \(){_UP_TO.format(_END_OF_ROW)}(\))"),
        rf"\1{REDACTED}\2",
    ),
    (
        (")=(",),
        re.compile(
            rf"(?i)((?:\b|(?<=\\n))Key \([^\n=]{{1,500}}\)=\(){_UP_TO.format(_END_OF_KEY)}(\))"
        ),
        rf"\1{REDACTED}\2",
    ),
    # The same in another language of the server's: what has the exception itself knows better
    # (`refused_rows`). From the first bracket of the detail to the last one of its line.
    (
        ("detail:  ",),
        re.compile(
            rf"(DETAIL:  (?![^\n]{{0,900}}\({re.escape(REDACTED)}\))"
            r"[^(\n\"'\\]{0,300}(?:\([^\n=]{1,500}\)=)?\()"
            rf"{_UP_TO.format(_END_OF_DETAIL)}(\))"
        ),
        rf"\1{REDACTED}\2",
    ),
    # An e-mail address: a person's, whoever may read this. The host has a dot, so that the names
    # of Celery's workers (celery@host) stay. Bounded as RFC 5321, 4.5.3.1 is, for linear time.
    (
        ("@", "%40"),
        re.compile(r"(?i)(?<![\w.+-])[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
        REDACTED,
    ),
)


def redact_fields(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replace secrets in the fields of a line, at any depth, by the names of the fields.

    A request becomes its method and path: its query, headers and cookies hold secrets. So may its
    path, which is taken out of the text as well.
    """
    about: Any = event.get("request")
    if isinstance(about, request_types()) and isinstance(event.get("event"), str):
        event["event"] = paths.masked_in(event["event"], about)
    for name, value in event.items():
        event[name] = _redacted(name, value, _DEEPEST)
    return event


def redact_field(name: str, value: Any) -> Any:
    """Replace secrets in one field, such as an attribute of a span: by its name and in its text."""
    return _texts_redacted(_redacted(name, value, _DEEPEST))


def redact_text(text: str) -> str:
    """Replace what looks like a secret in a text, such as a rendered line with its traceback."""
    # Looking for words first is ten times as quick, and most lines have none. Only in ASCII does
    # lower case find whatever the patterns take for the same letter.
    searched = text.lower() if text.isascii() else None
    for words, pattern, replacement in _IN_TEXT:
        if searched is None or any(word in searched for word in words):
            text = pattern.sub(replacement, text)
    return path_secrets.masked(text, REDACTED) if "/" in text else text


def _redacted(name: object, value: Any, deepest: int) -> Any:
    if isinstance(name, str) and is_secret(name) and value is not None and value is not False:
        return REDACTED
    kind = type(value)
    if kind is str or deepest == 0:
        return value  # the text of the whole line is looked through once it is rendered
    if issubclass(kind, dict):
        return {key: _redacted(key, each, deepest - 1) for key, each in value.items()}
    if kind in (list, tuple, set, frozenset):
        return [_redacted(None, each, deepest - 1) for each in value]
    if issubclass(kind, request_types()):
        return f"{value.method} {paths.of_request(value)}"
    return value


def _texts_redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {key: _texts_redacted(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_texts_redacted(each) for each in value]
    return value


def request_types() -> tuple[type[Any], ...]:
    """The request classes of Django and of DRF, where this process has loaded them.

    Asked for by class, not by attribute: an attribute of a lazy object would load what it stands
    for, such as the user from the database.
    """
    homes = (("django.http.request", "HttpRequest"), ("rest_framework.request", "Request"))
    return tuple(getattr(sys.modules[home], name) for home, name in homes if home in sys.modules)
