"""`ramet asyncapi`: the document of the shop and of small ones, against the official schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from ramet.system.asyncapi import document
from tests.unit.cli.conftest import Ramet
from tests.unit.placement.project import Project

HERE = Path(__file__).parent
Json = dict[str, Any]


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    return Draft7Validator(json.loads((HERE / "schemas" / "asyncapi-3.0.0.json").read_text()))


@pytest.fixture
def shop(root: Path) -> Json:
    manifest: Json = json.loads((root / "shop" / "ramet.manifest.json").read_text())
    return manifest


def resolved(whole: Json, reference: str) -> Any:
    found: Any = whole
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [each for item in part for each in references(item)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return own + [each for item in part.values() for each in references(item)]


@pytest.mark.parametrize("service", ["", "orders", "users", "products"])
@pytest.mark.parametrize(
    "broker",
    [
        "embedded",
        "$BROKER",
        "nats://me:secret@broker.internal:4222",
        "kafka://me:secret@k1:9092,k2:9092",
        "amqp://me:secret@rabbit:5672/shop",
        "redis://:sec/secret@redis:6379",
    ],
)
def test_the_shops_document_is_valid_and_every_reference_leads_somewhere(
    official: Draft7Validator, shop: Json, service: str, broker: str
) -> None:
    made = document(shop, broker, service)
    assert [each.message for each in official.iter_errors(made)] == []
    for reference in references(made):
        assert resolved(made, reference) is not None
    assert "secret" not in json.dumps(made)


def test_the_official_schema_refuses_what_is_none(official: Draft7Validator, shop: Json) -> None:
    made = document(shop, "embedded")
    next(iter(made["operations"].values()))["action"] = "publish"
    assert not official.is_valid(made)


def test_it_tells_who_sends_and_who_receives_on_which_subject(shop: Json) -> None:
    made = document(shop, "embedded", "users")
    assert {each.split(".")[0] for each in made["operations"]} == {"users"}
    operation = made["operations"]["users.receive.shop.users.handlers.send_confirmation"]
    assert operation["action"] == "receive"
    channel = resolved(made, operation["channel"]["$ref"])
    assert channel["address"] == "shop.events.orders.OrderConfirmed.v1"
    sent = document(shop, "embedded", "orders")["operations"]
    assert sent["orders.send.shop.orders.OrderConfirmed.v1"]["action"] == "send"


@pytest.mark.parametrize(
    ("broker", "address"),
    [
        ("tls://n1:4222", "shop.events.orders.OrderConfirmed.v1"),
        ("kafkas://k1:9092", "shop.events"),
        ("redis://r1:6379", "shop:events"),
        ("postgresql://p1:5432/events", "shop"),
        ("amqp://a1:5672", "shop.orders.OrderConfirmed.v1"),
        ("$BROKER", None),
    ],
)
def test_an_address_is_where_the_broker_has_the_event(
    shop: Json, broker: str, address: str | None
) -> None:
    channel = document(shop, broker)["channels"]["shop.orders.OrderConfirmed.v1"]
    assert channel["address"] == address
    exchange = channel.get("bindings", {}).get("amqp", {}).get("exchange", {}).get("name")
    assert exchange == ("shop.events" if broker.startswith("amqp") else None)


def test_a_broker_that_the_environment_names_is_the_one_that_is_told(
    project: Project, ramet: Ramet, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = project.folder / "ramet.toml"
    declared.write_text(declared.read_text() + '\n[infrastructure]\nbroker = "$OUR_BROKER"\n')
    for url, protocol in (("", "unknown"), ("kafkas://k1:9092", "kafka-secure")):
        monkeypatch.setenv("OUR_BROKER", url)
        run = ramet("asyncapi")
        assert run.returncode == 0, run.stderr
        assert json.loads(run.stdout)["servers"]["broker"]["protocol"] == protocol


def test_a_payload_on_the_wire_is_valid_by_the_document_and_a_wrong_one_is_not(shop: Json) -> None:
    made = document(shop, "embedded", "orders")
    message = made["components"]["messages"]["shop.orders.OrderConfirmed.v1"]
    validator = Draft7Validator(message["payload"] | {"components": made["components"]})
    event = {
        "specversion": "1.0",
        "id": "6c0e0000-0000-4000-8000-000000000000",
        "source": "/shop/orders",
        "type": "shop.orders.OrderConfirmed.v1",
        "datacontenttype": "application/json",
        "partitionkey": "a",
        "data": {
            "order_id": "6c0e0000-0000-4000-8000-000000000000",
            "customer_id": "6c0e0000-0000-4000-8000-000000000000",
            "total": {"amount": "12.50", "currency": "EUR"},
        },
    }
    assert [each.message for each in validator.iter_errors(event)] == []
    assert not validator.is_valid(event | {"type": "shop.orders.OrderPlaced.v1"})
    assert not validator.is_valid(event | {"data": {"order_id": "a"}})


def test_the_command_prints_it_and_names_the_services_for_an_unknown_one(
    project: Project, ramet: Ramet, official: Draft7Validator
) -> None:
    run = ramet("asyncapi", "orders")
    assert run.returncode == 0, run.stderr
    assert official.is_valid(json.loads(run.stdout))
    run = ramet("asyncapi", "nobody")
    assert run.returncode == 2
    assert "one of users, orders, payments" in run.stderr
