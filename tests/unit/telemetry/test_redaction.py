"""No secret reaches a log line: not as a field, not in a text, not with Django's request."""

import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.http import Http404, HttpRequest
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from rest_framework.request import Request

from ramet.telemetry import configure
from ramet.telemetry.redaction import REDACTED, redact_text

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl"
SECRET = "5ecret-5ecret-5ecret"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(params=[io.StringIO, Terminal])
def stream(request: pytest.FixtureRequest) -> io.StringIO:
    """The log of a process, in each of the two formats."""
    made: io.StringIO = request.param()
    configure("users", "web", stream=made)
    return made


def _fails(request: HttpRequest) -> None:
    raise ValueError(f"no such client for {request.get_full_path()}")


def _is_missing(request: HttpRequest, **_: str) -> None:
    raise Http404


urlpatterns = [
    path("auth/callback/", _fails),
    path("reset/<uidb64>/<token>/", _is_missing),
    path("confirm-email/<str:key>/", _is_missing),
]


@override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[])
@pytest.mark.parametrize("page", ["/auth/callback/", "/nowhere/"])
def test_a_failed_oauth_callback_is_logged_without_its_query(
    stream: io.StringIO, page: str
) -> None:
    client = Client(raise_request_exception=False)
    answer = client.get(
        page,
        {"code": SECRET, "id_token_hint": JWT, "refresh_token": SECRET},
        headers={"authorization": f"Bearer {SECRET}", "cookie": f"sessionid={SECRET}"},
    )
    assert answer.status_code in (404, 500)
    assert page in stream.getvalue()
    assert SECRET not in stream.getvalue()
    assert JWT not in stream.getvalue()


@override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[])
@pytest.mark.parametrize(
    "secret", [default_token_generator.make_token(User(pk=1)), "k3y"], ids=["django", "short"]
)
@pytest.mark.parametrize("page", ["/reset/MQ/{}/", "/confirm-email/{}/"])
def test_a_link_by_mail_is_logged_without_its_secret(
    stream: io.StringIO, page: str, secret: str
) -> None:
    Client().get(page.format(secret))
    assert "Not Found: /" in stream.getvalue()
    assert secret not in stream.getvalue()


@pytest.mark.parametrize(
    "secret",
    [
        default_token_generator.make_token(User(pk=1)),
        signing.dumps({"user": 1}),
        "0b7c3f1eaaaabbbbcccc0123456789ab",
        "Zm9v-Qx7RkLw_9aPqB3nXcV1",
    ],
    ids=["django", "signed", "hex", "base64"],
)
def test_a_secret_in_the_path_of_an_address_is_redacted(secret: str) -> None:
    told = redact_text(f"GET https://shop.example/reset/MQ/{secret}/?a=b answered 404")
    assert told == f"GET https://shop.example/reset/MQ/{REDACTED}/?a=b answered 404"


@pytest.mark.parametrize(
    "text",
    [
        "/orders/0b7c3f1e-aaaa-4bbb-8ccc-0123456789ab/lines/12345678901/",
        "/static/storefront.3f2a1b9c4d5e.css",
        "/a-long-title-about-the-year-2026-and-mp3-players/order_confirmation_2/",
        "/.ramet/calls/shop.products.contract.InternationalProducts.v1/reserve",
        'File "/nix/store/0a1b2c3d4e5f60718293a4b5c6d7e8f9-python/lib/x.py", line 7',
    ],
)
def test_what_people_look_for_in_a_path_stays(text: str) -> None:
    assert redact_text(text) == text


def test_a_request_is_logged_as_its_method_and_path() -> None:
    stream = io.StringIO()
    configure("users", "web", stream=stream)
    request = RequestFactory().get("/o/authorize/?state=1")
    for each in (request, Request(request)):
        logging.getLogger("x").warning("odd", extra={"request": each})
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["request"] for line in lines] == ["GET /o/authorize/"] * 2


@pytest.mark.parametrize(
    "name",
    ["Authorization", "token", "access_token", "password", "code", "Set-Cookie", "X-Api-Key"],
)
@pytest.mark.parametrize("wrap", [lambda fields: fields, lambda fields: {"headers": [fields]}])
def test_a_field_named_as_a_secret_is_redacted_at_any_depth(
    stream: io.StringIO, name: str, wrap: Callable[[Any], dict[str, Any]]
) -> None:
    fields = wrap({name: SECRET})
    structlog.get_logger("x").info("one", **fields)
    logging.getLogger("x").info("two", extra=fields)
    assert stream.getvalue().count(REDACTED) == 2
    assert SECRET not in stream.getvalue()


def test_a_field_that_only_sounds_alike_is_kept() -> None:
    stream = io.StringIO()
    configure("users", "web", stream=stream)
    fields = {"status_code": 404, "country_code": "CH", "key": "order-7", "token": None}
    structlog.get_logger("x").info("kept", **fields)
    (line,) = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {name: line[name] for name in fields} == fields


def test_an_exception_and_its_local_variables_tell_no_secret(stream: io.StringIO) -> None:
    def sign_in(given: str) -> None:
        raise ValueError(f"wrong header: Bearer {JWT}")

    try:
        sign_in(SECRET)
    except ValueError:
        logging.getLogger("x").exception("failed")
    assert "wrong header" in stream.getvalue()
    assert SECRET not in stream.getvalue()
    assert JWT not in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"got {JWT}.", f"got {REDACTED}"),
        (f"Authorization: Bearer {SECRET}", f"Authorization: Bearer {REDACTED}"),
        (
            f'"GET /cb?code={SECRET}&state=1 HTTP/1.1"',
            f'"GET /cb?code={REDACTED}&state=1 HTTP/1.1"',
        ),
        (f"/o/token?a=1&refresh_token={SECRET}", f"/o/token?a=1&refresh_token={REDACTED}"),
        (f"password={SECRET}", f"password={REDACTED}"),
        (f"{{'password': '{SECRET}', 'a': 1}}", f"{{'password': '{REDACTED}', 'a': 1}}"),
        (f'{{"client_secret":"{SECRET}"}}', f'{{"client_secret":"{REDACTED}"}}'),
        ("the Bearer token is missing", "the Bearer token is missing"),
        ("exited with code=1 and status_code=2", "exited with code=1 and status_code=2"),
        ("GET /api/v1/orders/?cursor=abc", "GET /api/v1/orders/?cursor=abc"),
    ],
)
def test_what_looks_like_a_secret_within_a_text_is_redacted(text: str, expected: str) -> None:
    assert redact_text(text) == expected


ROW = f'(7, pbkdf2$260000${SECRET}, {{"a": "b"}}, it\'s (so)., null)'


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"DETAIL:  Failing row contains {ROW}.", f"Failing row contains ({REDACTED})."),
        (
            f"DETAIL:  Key (name, token)=(a (b), {SECRET}) already exists.",
            f"Key (name, token)=({REDACTED}) already exists.",
        ),
        (
            f'Key (a)=({SECRET}) is not present in table "b".',
            f"Key (a)=({REDACTED}) is not present",
        ),
    ],
)
def test_the_row_that_a_database_refuses_is_told_nowhere(
    stream: io.StringIO, said: str, told: str
) -> None:
    assert told in redact_text(f"null value violates\n{said}\nCONTEXT: x")
    try:
        raise ValueError(f"null value violates\n{said}")
    except ValueError:
        logging.getLogger("x").exception("failed: %s", said)
    assert stream.getvalue().count(told) == 2  # and in the traceback
    assert SECRET not in stream.getvalue()


def test_a_redacted_line_is_still_json() -> None:
    stream = io.StringIO()
    configure("users", "web", stream=stream)
    logging.getLogger("x").info('"/cb?code=%s" and %r', SECRET, {"token": SECRET, "b": 'a"\\'})
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["event"].startswith(f'"/cb?code={REDACTED}" and')
    assert SECRET not in line


@pytest.mark.parametrize(
    "text",
    [
        "token" * 20_000,
        "a" * 100_000,
        "eyJ" * 30_000,
        "&code" * 20_000,
        "Failing row contains (" * 5000,
        "Key (a)=(" * 10_000,
        "DETAIL:  (" * 10_000,
        "DETAIL:  (a)=(" + "b)" * 50_000,
    ],
)
def test_a_hostile_text_takes_no_long_time(text: str) -> None:
    started = time.process_time()
    redact_text(text)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("text", [f"pa\u017f\u017fword={SECRET}", f"to\u212aen={SECRET} é"])
def test_letters_that_only_patterns_take_for_the_same_hide_no_secret(text: str) -> None:
    assert SECRET not in redact_text(text)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            f"DETAIL:  Schlüssel »(name)=(a (b), {SECRET})« existiert bereits.",
            f"DETAIL:  Schlüssel »(name)=({REDACTED})« existiert bereits.",
        ),
        (
            f"DETAIL:  La ligne en échec contient (1, {SECRET}).",
            f"DETAIL:  La ligne en échec contient ({REDACTED}).",
        ),
    ],
)
def test_a_row_is_not_told_in_another_language_where_there_is_only_a_text(
    stream: io.StringIO, said: str, told: str
) -> None:
    assert redact_text(f"no\n{said}\nCONTEXT:  x (y)") == f"no\n{told}\nCONTEXT:  x (y)"
    logging.getLogger("x").error("failed: %s", f"no\n{said}\nCONTEXT:  x")
    assert told in stream.getvalue()
    assert SECRET not in stream.getvalue()
