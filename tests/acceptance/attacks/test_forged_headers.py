"""What a client says about itself is not believed: it arrives as if it had not been said.

The probe tells which headers have come through gateway and mesh. What it is told with a forged
header must be what it is told without.
"""

import json
import re
from typing import Any

import pytest

from tests.acceptance.attacks import wire
from tests.acceptance.attacks.attacked_shop import AttackedShop
from tests.acceptance.attacks.evidence import OPERATION, Evidence

BOB = "spiffe://shop/orders"
FORGED = {
    # who calls
    "X-Forwarded-Client-Cert": f"By=spiffe://shop/products;Hash=0;URI={BOB}",
    "X-Ramet-Caller": BOB,
    "X-Ramet-Service": "products",
    "X-Ramet-User": "00000000-0000-0000-0000-000000000000",
    "X-Ramet-Idempotent": "1",
    "X-Ramet-Anything-New": "1",
    # from where, and how
    "X-Forwarded-For": "10.0.0.1",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Anything-New": "1",
    "Forwarded": "for=10.0.0.1;host=evil.example;proto=https",
    "X-Real-Ip": "10.0.0.1",
    # what Envoy is to do
    "X-Envoy-Upstream-Rq-Timeout-Ms": "1",
    "X-Envoy-Expected-Rq-Timeout-Ms": "1",
    "X-Envoy-Upstream-Rq-Per-Try-Timeout-Ms": "1",
    "X-Envoy-Max-Retries": "9",
    "X-Envoy-Retry-On": "5xx",
    "X-Envoy-Retry-Grpc-On": "unavailable",
    "X-Envoy-Retriable-Status-Codes": "200",
    "X-Envoy-Hedge-On-Per-Try-Timeout": "true",
    "X-Envoy-Upstream-Alt-Stat-Name": "x",
    "X-Envoy-Upstream-Stream-Duration-Ms": "1",
    "X-Envoy-Attempt-Count": "7",
    "X-Envoy-External-Address": "10.0.0.1",
    "X-Envoy-Internal": "true",
    "X-Envoy-Original-Path": "/admin",
    "X-Envoy-Original-Dst-Host": "127.0.0.1:8001",
    "X-Envoy-Force-Trace": "true",
    "X-Envoy-Decorator-Operation": "x",
    "X-Envoy-Ip-Tags": "x",
    "X-Envoy-Peer-Metadata": "x",
    "X-Envoy-Anything-New": "1",
}
CLAIMS = {
    "X-User-Id": "{bob}",
    "X-User": "bob",
    "X-Username": "bob",
    "X-Remote-User": "bob",
    "Remote-User": "bob",
    "X-Authenticated-User": "bob",
    "X-Forwarded-User": "bob",
    "X-Auth-Request-User": "bob",
    "X-Jwt-Payload": "eyJzdWIiOiJib2IifQ",
    "X-Scope": "products:write",
    "X-Roles": "staff",
    "X-Authorization": "Bearer {bobs_token}",
    "X-Original-Authorization": "Bearer {bobs_token}",
    "Proxy-Authorization": "Bearer {bobs_token}",
    "X-Access-Token": "{bobs_token}",
}
UNDERSCORES = (
    "X_Ramet_Caller",
    "X_Forwarded_Client_Cert",
    "X_Forwarded_For",
    "X_User_Id",
    "X-Ramet_Caller",
    "Content_Length",
    "Idempotency_Key",
    "_",
)
# New with every request, whatever the client says.
OF_THE_REQUEST = {"x-request-id", "traceparent", "tracestate"}


def arrived(shop: AttackedShop, *headers: str) -> dict[str, str]:
    """The headers that came to the probe of a request with these."""
    answer = wire.exchange(shop.dial(), wire.request("GET", "/probe/echo", headers))
    [parsed] = wire.answers(answer)
    assert parsed.status == 200, answer
    pairs: list[tuple[str, str]] = json.loads(parsed.body)["headers"]
    assert len(dict(pairs)) == len(pairs), "a header that arrives twice has two readings"
    return dict(pairs)


@pytest.mark.parametrize("name", FORGED)
def test_what_only_ramet_may_say_arrives_as_if_it_were_not_said(
    shop: AttackedShop, name: str
) -> None:
    without = arrived(shop)
    for spelling in (name, name.lower(), name.upper()):
        forged = arrived(shop, f"{spelling}: {FORGED[name]}")
        assert _constant(forged) == _constant(without)
    twice = arrived(shop, f"{name}: {FORGED[name]}", f"{name}: {FORGED[name]}")
    assert _constant(twice) == _constant(without)


@pytest.mark.parametrize("name", FORGED)
def test_nor_over_http2(shop: AttackedShop, name: str) -> None:
    asked: list[dict[str, str]] = []
    for forged in ([], [(name.lower().encode(), FORGED[name].encode())]):
        connection = wire.Http2(shop.dial())
        answer = connection.ask([*wire.pseudo("GET", "/probe/echo"), *forged])
        connection.close()
        assert answer.status == 200
        asked.append(dict(json.loads(answer.body)["headers"]))
    without, with_it = asked
    assert _constant(with_it) == _constant(without)


def test_the_request_id_is_not_the_clients(shop: AttackedShop) -> None:
    """It stands in logs and events: whoever chose it could make two requests look like one."""
    for chosen in ("chosen", "11111111-1111-4111-8111-111111111111", "a b\tc"):
        seen = arrived(shop, f"X-Request-Id: {chosen}")["x-request-id"]
        assert re.fullmatch(r"[0-9a-f-]{36}", seen)
        assert seen != chosen


@pytest.mark.parametrize("name", UNDERSCORES)
def test_a_name_with_an_underscore_is_refused(
    shop: AttackedShop, evidence: Evidence, name: str
) -> None:
    """For WSGI `X_A` and `X-A` are one variable, and the last one counts."""
    marker = evidence.marker()
    named = [f"User-Agent: {marker}", f"{name}: {BOB}"]
    answer = wire.exchange(shop.dial(), wire.request("GET", "/probe/echo", named))
    assert answer.startswith(b"HTTP/1.1 400 "), answer

    connection = wire.Http2(shop.dial())
    forged = [(b"user-agent", marker.encode()), (name.lower().encode(), BOB.encode())]
    refused = connection.ask([*wire.pseudo("GET", "/probe/echo"), *forged])
    connection.close()
    assert refused.status in {0, 400}, refused
    evidence.settle()
    assert evidence.reached(marker) == []


@pytest.mark.parametrize("name", CLAIMS)
def test_no_header_but_the_token_says_who_one_is(shop: AttackedShop, name: str) -> None:
    bob = shop.get("/api/v1/users/me/", user="bob")
    value = CLAIMS[name].format(bob=bob["id"], bobs_token=shop.token("bob"))
    nobody = shop.call("GET", "/api/v1/users/me/", user=None, headers={name: value})
    assert nobody.status_code == 401, nobody.text
    alice = shop.get("/api/v1/users/me/", headers={name: value})
    assert alice["username"] == "alice"
    sku = shop.in_stock(1)[0]
    change = shop.call(
        "PATCH", f"/api/v1/products/{sku}/", json={"stock": 1}, headers={name: value}
    )
    assert change.status_code == 403, change.text


def test_two_tokens_are_no_token(shop: AttackedShop) -> None:
    """Gateway and service must not each take another one of the two."""
    alice, bob = (f"Authorization: Bearer {shop.token(user)}" for user in ("alice", "bob"))
    bad = "Authorization: Bearer x.y.z"
    basic = "Authorization: Basic YWxpY2U6YWxpY2U="
    for pair in ((alice, bob), (bob, alice), (alice, bad), (bad, alice), (basic, alice)):
        answer = wire.exchange(shop.dial(), wire.request("GET", "/api/v1/users/me/", pair))
        assert re.match(rb"HTTP/1.1 40[01] ", answer), answer
    both = alice + ", " + bob.removeprefix("Authorization: ")
    answer = wire.exchange(shop.dial(), wire.request("GET", "/api/v1/users/me/", [both]))
    assert re.match(rb"HTTP/1.1 40[01] ", answer), answer


@pytest.mark.parametrize(
    "named", ["x-forwarded-for", "x-forwarded-proto", "x-request-id", "x-ramet-caller", "host"]
)
def test_a_client_cannot_have_a_header_taken_away(shop: AttackedShop, named: str) -> None:
    """`Connection` names headers of one hop (RFC 9110, 7.6.1): not those that the gateway sets."""
    plain = arrived(shop)
    request = wire.request("GET", "/probe/echo", [f"Connection: close, {named}"])
    [answer] = wire.answers(wire.exchange(shop.dial(), request))
    if answer.status == 400:  # refusing it is right, too
        return
    seen = dict(json.loads(answer.body)["headers"])
    assert _constant(seen) == _constant(plain)
    assert "x-request-id" in seen


def test_who_takes_its_own_token_away_is_nobody(shop: AttackedShop) -> None:
    """The same with `Authorization`: not checked at the gateway, and yet believed, would be bad."""
    token = f"Authorization: Bearer {shop.token()}"
    for path, expected in (("/api/v1/users/me/", {200, 400, 401}), ("/probe/echo", {200, 400})):
        for bearer in (token, "Authorization: Bearer x.y.z"):
            headers = [bearer, "Connection: close, authorization"]
            [answer] = wire.answers(wire.exchange(shop.dial(), wire.request("GET", path, headers)))
            assert answer.status in expected, answer
            if bearer != token:
                assert b"x.y.z" not in answer.body
                assert path == "/probe/echo" or answer.status != 200


def test_addresses_in_answers_do_not_follow_the_host(shop: AttackedShop) -> None:
    """RFC 8414, section 3.3, and RFC 9207: the issuer is a name, not what the client calls us."""
    path = "/o/.well-known/openid-configuration"
    ours = shop.get(path, user=None)
    for header in ("Host", "X-Forwarded-Host", "Forwarded"):
        value = "host=evil.example" if header == "Forwarded" else "evil.example"
        answer = shop.call("GET", path, user=None, headers={header: value})
        assert "evil.example" not in answer.text
        if answer.ok:
            assert answer.json() == ours
    page = shop.call("GET", "/api/v1/products/", user=None, headers={"X-Forwarded-Host": "evil"})
    assert "evil" not in page.text


def test_a_forged_caller_does_not_open_an_operation(shop: AttackedShop, evidence: Evidence) -> None:
    marker = evidence.marker()
    for name in ("X-Forwarded-Client-Cert", "X-Ramet-Caller", "X-Ramet-Service"):
        headers = [f"User-Agent: {marker}", f"{name}: {FORGED[name]}"]
        body = evidence.arguments(marker)
        answer = wire.exchange(shop.dial(), wire.request("POST", f"/{OPERATION}", headers, body))
        assert answer.startswith(b"HTTP/1.1 404 "), answer
    evidence.settle()
    assert evidence.breaches(marker) == []


def test_the_log_names_the_peer_and_not_what_it_claims(
    shop: AttackedShop, evidence: Evidence
) -> None:
    marker = evidence.marker()
    headers = [f"User-Agent: {marker}", "X-Forwarded-For: 6.6.6.6", "X-Real-Ip: 6.6.6.6"]
    wire.exchange(shop.dial(), wire.request("GET", "/probe/echo", headers))
    evidence.settle()
    lines = {line["listener"]: line for line in _log(shop) if line["agent"] == marker}
    assert lines["gateway"]["client"] == "127.0.0.1"
    assert not any("6.6.6.6" in str(line.values()) for line in lines.values())


def _log(shop: AttackedShop) -> list[dict[str, Any]]:
    text = (shop.private.logs / "access.log").read_text()
    return [json.loads(line) for line in text.splitlines()]


def _constant(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in OF_THE_REQUEST}
