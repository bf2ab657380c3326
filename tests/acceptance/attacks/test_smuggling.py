"""No request hides in another, and nobody gets another's answer.

The hidden request is an operation that leaves a row, so that it is found out wherever it came to be
read as a request. What follows on the same connection must not be answered, or with its own answer.
"""

import json
import threading
import uuid
from collections.abc import Iterator

import pytest
import requests

from tests.acceptance.attacks import wire
from tests.acceptance.attacks.ambiguous_requests import (
    HEAD,
    OVER_HTTP2,
    PSEUDO_OVER_HTTP2,
    READ_IN_ONE_WAY,
    REFUSED,
    VERSIONS,
)
from tests.acceptance.attacks.attacked_shop import AttackedShop
from tests.acceptance.attacks.evidence import OPERATION, Evidence


@pytest.fixture(scope="module", autouse=True)
def bystanders(shop: AttackedShop) -> Iterator[list[str]]:
    """Customers who look at products all the while; each must get the product asked for."""
    skus = shop.in_stock(1, 2)
    wrong: list[str] = []
    done = threading.Event()
    seen = [0] * len(skus)

    def look(number: int) -> None:
        with requests.Session() as session:
            while not done.wait(0.05):
                url = f"{shop.url}/api/v1/products/{skus[number]}/"
                answer = session.get(url, timeout=30)
                if answer.status_code != 200 or answer.json().get("sku") != skus[number]:
                    wrong.append(f"{url}: {answer.status_code} {answer.text}")
                seen[number] += 1

    threads = [threading.Thread(target=look, args=(number,)) for number in range(len(skus))]
    for thread in threads:
        thread.start()
    yield wrong
    done.set()
    for thread in threads:
        thread.join(40)
    assert not wrong, wrong
    assert min(seen) > 5, "nobody looked: this proves nothing"


@pytest.mark.parametrize("what", REFUSED)
def test_a_request_with_two_ends_is_refused_and_its_connection_closed(
    shop: AttackedShop, evidence: Evidence, what: str
) -> None:
    outer, hidden, follower = (evidence.marker() for _ in range(3))
    head = HEAD.replace("HTTP/1.1", VERSIONS.get(what, "HTTP/1.1"), 1)
    sent = _filled(head + REFUSED[what], outer, _operation(evidence, hidden))
    received = wire.exchange(shop.dial(), sent + _view(follower))

    answers = wire.answers(received)
    assert len(answers) <= 1, received
    assert [answer.status for answer in answers if answer.status not in {400, 426, 501}] == []
    evidence.settle()
    assert not evidence.operation_ran(hidden)
    assert evidence.reached(outer) == evidence.reached(hidden) == evidence.reached(follower) == []


@pytest.mark.parametrize("what", READ_IN_ONE_WAY)
def test_a_strange_but_clear_request_has_one_reading(
    shop: AttackedShop, evidence: Evidence, what: str
) -> None:
    outer, hidden, follower = (evidence.marker() for _ in range(3))
    sent = _filled(HEAD + READ_IN_ONE_WAY[what], outer, _operation(evidence, hidden))
    received = wire.exchange(shop.dial(), sent + _view(follower), silence=1)

    answers = [answer for answer in wire.answers(received) if answer.status != 100]
    assert 1 <= len(answers) <= 2, received
    # To nobody: without a token no product is added.
    assert answers[0].status in {400, 401, 403, 426}
    if len(answers) == 2:
        assert json.loads(answers[1].body)["target"] == f"/probe/{follower}", received
    evidence.settle()
    assert not evidence.operation_ran(hidden)
    assert evidence.reached(hidden) == []
    assert len(evidence.reached(outer)) <= 1


@pytest.mark.parametrize("what", OVER_HTTP2)
def test_nothing_hides_in_the_translation_from_http2(
    shop: AttackedShop, evidence: Evidence, what: str
) -> None:
    hidden = evidence.marker()
    body = _operation(evidence, hidden)
    extra = [(name, _spelt(value, body)) for name, value in OVER_HTTP2[what]]
    _send_over_http2(shop, evidence, wire.pseudo("POST", "/api/v1/products/"), extra, body, hidden)


@pytest.mark.parametrize("what", PSEUDO_OVER_HTTP2)
def test_nothing_hides_in_a_request_line_made_of_http2(
    shop: AttackedShop, evidence: Evidence, what: str
) -> None:
    hidden = evidence.marker()
    body = _operation(evidence, hidden)
    name, value = PSEUDO_OVER_HTTP2[what]
    pseudo = dict(wire.pseudo("POST", "/api/v1/products/")) | {name: _spelt(value, body)}
    _send_over_http2(shop, evidence, [*pseudo.items()], [], body, hidden)


def _send_over_http2(
    shop: AttackedShop,
    evidence: Evidence,
    pseudo: list[wire.Header],
    extra: list[wire.Header],
    body: bytes,
    hidden: str,
) -> None:
    outer = evidence.marker()
    connection = wire.Http2(shop.dial())
    answer = connection.ask([*pseudo, (b"user-agent", outer.encode()), *extra], b"0\r\n\r\n" + body)
    connection.close()
    assert answer.status in {0, 400}, answer
    evidence.settle()
    assert not evidence.operation_ran(hidden)
    assert evidence.reached(outer) == evidence.reached(hidden) == []


def _operation(evidence: Evidence, marker: str) -> bytes:
    named = [f"User-Agent: {marker}"]
    whole = wire.request("POST", f"/{OPERATION}", named, evidence.arguments(marker))
    return whole.replace(b"Connection: close\r\n", b"")


def _view(follower: str) -> bytes:
    return wire.request("GET", f"/probe/{follower}", [f"User-Agent: {follower}"])


def _filled(template: str, outer: str, hidden: bytes) -> bytes:
    """Lengths are of what each template puts after its headers."""
    end = "\n\n" if "\r\n\r\n" not in template else "\r\n\r\n"
    after = template.partition(end)[2].replace("{size}", f"{len(hidden):x}")
    length = len(after.replace("{hidden}", hidden.decode()).encode())
    filled = template.replace("{outer}", outer).replace("{length}", str(length))
    filled = filled.replace("{size}", f"{len(hidden):x}").replace("{hidden}", hidden.decode())
    return filled.encode()


def _spelt(value: bytes, hidden: bytes) -> bytes:
    return value.replace(b"{hidden}", hidden).replace(b"{length}", str(len(hidden)).encode())


def test_a_body_that_looks_like_a_request_stays_a_body(
    shop: AttackedShop, evidence: Evidence
) -> None:
    """The control: two requests on one connection are two, and get their own answers."""
    first, second = (str(uuid.uuid4()) for _ in range(2))
    body = wire.request("GET", f"/probe/{second}")
    head = f"POST /probe/{first} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    received = wire.exchange(shop.dial(), head.encode() + body + _view(second))
    seen = [json.loads(answer.body)["target"] for answer in wire.answers(received)]
    assert seen == [f"/probe/{first}", f"/probe/{second}"]
    assert [one["target"] for one in shop.arrived()].count(f"/probe/{second}") == 1
