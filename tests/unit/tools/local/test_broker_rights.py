"""What a user of NATS may do, from what its services do."""

from ramet.placement.messaging import Messaging
from ramet.tools.local.broker_rights import rights

FOUND = Messaging(publishers=frozenset({"orders", "stock"}), subscribers=frozenset({"stock"}))


def test_a_publisher_may_send_on_its_own_subjects_and_read_nothing() -> None:
    found = rights("mill", "orders", ["orders"], FOUND)
    assert found.publish == (
        "$JS.API.STREAM.INFO.mill-events",
        "$JS.API.STREAM.CREATE.mill-events",
        "mill.events.orders.*.*",
    )
    assert found.subscribe == ("_INBOX.orders.>",)


def test_a_subscriber_may_use_the_consumer_of_its_own_name() -> None:
    found = rights("mill", "stock", ["stock"], FOUND).publish
    assert "$JS.API.CONSUMER.DURABLE.CREATE.mill-events.stock" in found
    assert "$JS.ACK.mill-events.stock.>" in found
    assert not [each for each in found if "orders" in each]


def test_several_services_in_one_process_have_the_rights_of_all() -> None:
    both = rights("mill", "orders+stock", ["orders", "stock"], FOUND)
    assert set(both.publish) == {
        *rights("mill", "orders", ["orders"], FOUND).publish,
        *rights("mill", "stock", ["stock"], FOUND).publish,
    }
    assert both.subscribe == ("_INBOX.orders+stock.>",)


def test_nobody_may_change_or_empty_the_stream() -> None:
    found = rights("mill", "orders+stock", ["orders", "stock"], FOUND).publish
    for deed in ("UPDATE", "DELETE", "PURGE", "MSG.DELETE", "RESTORE"):
        assert not [each for each in found if f"STREAM.{deed}" in each or each == ">"]
