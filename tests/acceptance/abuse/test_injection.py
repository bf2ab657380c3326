"""Text that means something to a database, a template, a header, a log or a terminal.

Driven by the schemas: each text of each body and each query parameter gets each of them, one at a
time, so that nothing else is wrong with the request.
"""

import itertools
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.acceptance.abuse.browser import from_elsewhere
from tests.acceptance.abuse.operations import Operation, operations, replaced
from tests.acceptance.running_shop import RunningShop

MARK = "FORGED" + uuid.uuid4().hex[:8]
PRODUCT = str(1337 * 1337)  # what a template would make of it
SLEEP = 8  # seconds that an injected pg_sleep would take; an answer takes a hundredth of that

TEXTS = {
    "sql string": "' OR '1'='1'; DELETE FROM orders_order; --",
    "sql expression": f"'||pg_sleep({SLEEP})||'",
    "sql number": f"1 OR (SELECT 1 FROM pg_sleep({SLEEP})) IS NULL",
    "sql identifier": '"; DROP TABLE products_product; --',
    "patterns and formats": "\\' %_% %s%(name)s%n {0.__class__.__init__.__globals__}",
    "templates": "{{1337*1337}}${1337*1337}#{1337*1337}<%=1337*1337%>{% debug %}",
    "shell": "$(sleep 8)`sleep 8`;sleep 8|sleep 8",
    "path": "../../../../etc/passwd",
    "xml": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "header": f"x\r\nX-{MARK}: yes\r\n\r\n<p>",
    "log lines": f"x\n{MARK} a line\r{MARK} one more\u0085{MARK} and\u2028{MARK} another",
    "terminal": f"\x1b[2J\x1b]0;{MARK}\x07",
    "nul": "a\0b",
    "half a pair": "\ud800",
    "odd letters": "\u202eabc\u202c\ufeff" + "e\u0301" + "\u0301" * 30 + "\U0001f331" * 5,
    "blanks": " \t\u00a0\u3000",
}

WRONG_TYPES: dict[str, Any] = {
    "operator": {"$gt": ""},
    "list": ["a"],
    "nested": [[["a"]]],
    "object": {"__proto__": {"is_staff": True}},
    "null": None,
    "true": True,
}

NUMBERS: dict[str, str] = {
    "huge": "1" + "0" * 400,
    "beyond 64 bits": "9223372036854775808",
    "beyond 32 bits": "2147483648",
    "negative": "-1",
    "minus zero and a bit": "-0.0000001",
    "exponent": "1e400",
    "fraction": "1.5",
    "not a number": "NaN",
    "infinity": "-Infinity",
    "in text": '"1e5"',
    "other digits": '"\u0663"',
    "underscores": '"1_000"',
    "hexadecimal": '"0x10"',
}

ERRORS_OF_OURS = ("Traceback", "psycopg", "syntax error at or near", "ProgrammingError", "/shop/")


def answered_well(answer: requests.Response, what: str, text: object = "") -> None:
    """The answer is one of the API's own, and says nothing of what is behind it."""
    assert answer.status_code < 500, f"{what}: {answer.status_code} {answer.text[:300]}"
    assert answer.elapsed.total_seconds() < SLEEP / 2, f"{what}: {answer.elapsed}"
    assert not any(MARK.lower() in name.lower() for name in answer.headers), what
    assert PRODUCT not in answer.text, what
    assert "root:" not in answer.text, what
    said = answer.text.replace(str(text), "")
    assert not [error for error in ERRORS_OF_OURS if error in said], f"{what}: {answer.text[:300]}"
    if answer.status_code >= 400:
        kind = answer.headers["content-type"]
        assert kind.startswith("application/problem+json"), f"{what}: {kind}"


def places(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where texts go: a name, and a function's worth of arguments for `Operation.send`."""
    for place in operation.texts():
        yield ".".join(map(str, place)), {"place": place}
    for name in operation.parameters:
        yield f"?{name}", {"name": name}


def put(shop: RunningShop, operation: Operation, where: dict[str, Any], value: Any) -> Any:
    if "name" in where:
        return operation.send(shop, query={where["name"]: value})
    return operation.send(shop, body=replaced(operation.example(), where["place"], value))


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_only_text(shop: RunningShop, name: str) -> None:
    text = TEXTS[name]
    for operation in operations(shop):
        for where, place in places(operation):
            if where.startswith("?") and "\ud800" in text:
                continue  # no client can write it into an address
            answer = put(shop, operation, place, text)
            answered_well(answer, f"{operation} {where}", text)


@pytest.mark.parametrize("name", WRONG_TYPES)
def test_another_type_is_refused_by_name(shop: RunningShop, name: str) -> None:
    for operation in operations(shop):
        if "webhooks" in operation.path:
            continue  # not a word of it is read without a signature
        for where, place in places(operation):
            if "place" not in place:
                continue
            answer = put(shop, operation, place, WRONG_TYPES[name])
            answered_well(answer, f"{operation} {where}")
            assert answer.status_code == 400, f"{operation} {where}: {answer.text[:300]}"
            at = ".".join(map(str, place["place"])).replace(".0.", "[0].")
            errors = [error["path"] for error in answer.json()["errors"]]
            assert any(path.startswith(at) for path in errors), f"{where}: {errors}"


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_is_none_is_refused(shop: RunningShop, name: str) -> None:
    number = NUMBERS[name]
    line = f'{{"lines": [{{"sku": "TL-101", "quantity": {number}}}], "payment_token": "tok_ok"}}'
    bodies = [
        ("POST", "/api/v1/orders/", "alice", line),
        ("PATCH", "/api/v1/products/TL-101/", "erin", f'{{"stock": {number}}}'),
    ]
    text = number.strip('"')
    if name not in ("fraction", "underscores"):  # a price may have a fraction
        price = f'{{"price": {{"amount": "{text}", "currency": "EUR"}}}}'
        bodies.append(("PATCH", "/api/v1/products/TL-101/", "erin", price))
    for method, path, user, body in bodies:
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        answer = shop.call(method, path, user=user, data=body.encode(), headers=headers)
        answered_well(answer, f"{method} {path} {body[:100]}")
        assert answer.status_code == 400, f"{method} {path} {body[:100]}: {answer.text[:300]}"


@pytest.mark.parametrize("search", ["' OR '1'='1", "%", "_", "%' OR name LIKE '%", "\\", ".*"])
def test_a_search_finds_what_has_these_characters(shop: RunningShop, search: str) -> None:
    path = "/api/v1/products/"
    for product in shop.get(path, user=None, params={"search": search})["results"]:
        text = f"{product['name']} {product['description']}".lower()
        assert all(word.lower() in text for word in search.split()), product["sku"]
    found = shop.get(path, user=None, params={"category": search})["results"]
    assert {product["category"] for product in found} <= {search}


@pytest.mark.parametrize(
    "query",
    ["search[$ne]=x", "search[]=x", "search.$where=sleep(9)", "page_size[]=1", "cursor[$gt]=", "="],
)
def test_a_parameter_with_an_operator_is_no_parameter(shop: RunningShop, query: str) -> None:
    plain = shop.get("/api/v1/products/", user=None)["results"]
    answer = shop.call("GET", f"/api/v1/products/?{query}", user=None)
    answered_well(answer, query)
    assert answer.status_code == 400 or answer.json()["results"] == plain


@pytest.mark.parametrize("text", TEXTS)
def test_an_address_is_only_an_address(shop: RunningShop, text: str) -> None:
    value = TEXTS[text].encode(errors="surrogatepass")
    encoded = "".join(f"%{byte:02X}" for byte in value)
    for path in ("/api/v1/products/{}/", "/api/v1/orders/{}/", "/products/{}/", "/orders/{}/"):
        answer = shop.call("GET", path.format(encoded), user="alice")
        assert answer.status_code in {400, 404}, f"{path}: {answer.status_code}"
        assert answer.elapsed.total_seconds() < SLEEP / 2
        assert not any(MARK.lower() in name.lower() for name in answer.headers)
        assert PRODUCT not in answer.text


@pytest.mark.parametrize("name", ["sql string", "patterns and formats", "terminal", "odd letters"])
def test_a_header_is_only_a_header(shop: RunningShop, name: str) -> None:
    value = TEXTS[name].encode()
    for header in ("Idempotency-Key", "Accept-Language", "User-Agent", "X-Request-Id", "Cookie"):
        answer = shop.call(
            "POST",
            "/api/v1/orders/",
            json={"lines": [{"sku": "TL-101", "quantity": 1}], "payment_token": "tok_declined"},
            headers={"Idempotency-Key": str(uuid.uuid4()), header: value},
        )
        assert answer.status_code < 500, f"{header}: {answer.text[:300]}"
        assert MARK not in str(answer.headers)


@pytest.mark.parametrize(
    "name",
    [
        "ALICE",
        "\uff41lice",
        "alice\u200b",
        "alice ",
        " alice",
        "al\u00adice",
        "alice\0",
    ],
    ids=ascii,
)
def test_nobody_takes_a_name_that_reads_as_alice(shop: RunningShop, name: str) -> None:
    """Case, width, joiners, blanks (Unicode TR 36)."""
    secret = uuid.uuid4().hex
    form = {"username": name, "email": f"{uuid.uuid4().hex}@shop.example", "password": secret}
    answer = shop.call("POST", "/api/v1/users/", user=None, by=from_elsewhere(), json=form)
    assert answer.status_code in {400, 409}, answer.text


def lines_of(folder: Path) -> Iterator[str]:
    for file in sorted((folder / ".ramet" / "log").glob("*.log")):
        # As terminals and many readers of logs part lines, not only at \n.
        yield from itertools.chain.from_iterable(
            line.split("\r") for line in file.read_text(errors="replace").split("\n")
        )


def test_no_log_has_a_line_that_a_client_wrote(shop: RunningShop) -> None:
    """After the attacks above, and some more where the storefront and the provider log."""
    for text in (f"x\n{MARK} a line of its own", f"x\r{MARK} one more", f"\x1b[2J{MARK}"):
        for path, query in (
            ("/auth/callback/", {"state": text, "error": text}),
            ("/o/authorize/", {"client_id": text, "redirect_uri": text}),
            (f"/products/{uuid.uuid4()}/", {"search": text}),
        ):
            shop.call("GET", path, user=None, params=query, headers={"User-Agent": "x"})
        shop.call("POST", "/o/token/", user=None, data={"grant_type": text, "client_id": text})
        basic = requests.auth._basic_auth_str(text, text)
        shop.call("POST", "/o/token/", user=None, headers={"Authorization": basic})
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not any(
        "/o/token/" in line for line in lines_of(shop.folder)
    ):
        time.sleep(0.1)
    forged = [line for line in lines_of(shop.folder) if line.lstrip().startswith(MARK)]
    assert not forged
    assert not [line for line in lines_of(shop.folder) if "\x1b[2J" in line]


def test_no_mail_has_a_header_or_a_value_that_a_client_made_up(shop: RunningShop) -> None:
    name = f"fay-{uuid.uuid4().hex[:8]}"
    form = {"username": name, "email": f"{name}@shop.example", "password": uuid.uuid4().hex}
    assert (
        shop.call("POST", "/api/v1/users/", user=None, by=from_elsewhere(), json=form).status_code
        == 201
    )
    for field, value in (
        ("first_name", f"x\r\nBcc: {MARK}@evil.example\r\n\r\nx"),
        ("last_name", TEXTS["templates"]),
    ):
        shop.call("PATCH", "/api/v1/users/me/", user=name, json={field: value})
    order = shop.place((shop.with_stock(3), 1), user=name)
    shop.settled(order, user=name)
    deadline = time.monotonic() + 20
    while not (mails := [text for text in mails_of(shop) if order in text]):
        assert time.monotonic() < deadline, "the confirmation was not sent"
        time.sleep(0.1)
    for text in mails:
        head, _, body = text.partition("\n\n")
        assert not [line for line in head.splitlines() if line.startswith("Bcc")]
        assert MARK not in head
        assert PRODUCT not in body


def mails_of(shop: RunningShop) -> list[str]:
    folder = shop.folder / ".ramet" / "mail"
    return [file.read_text(errors="replace") for file in folder.glob("*")]
