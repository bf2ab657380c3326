"""The tests bite: with a mechanism taken out, what it is for is broken, and the tests say so.

Each is a scenario of a test in this folder, and its judge; only the mechanism is missing.
"""

from __future__ import annotations

from typing import Any

from tests.integration.fire.judge import violations
from tests.integration.sagas.conftest import Host


def kinds(found: dict[str, Any]) -> set[str]:
    return {each.partition(":")[0] for each in violations(found)}


def test_without_dedup_events_have_two_effects(host: Host) -> None:
    found = host.order("crash", place="relay.after-send", without="dedup")
    assert "doubled" in kinds(found)


def test_without_the_outbox_in_the_transaction_a_death_announces_what_never_was(
    host: Host,
) -> None:
    found = host.order(
        "crash", place="outbox.inserted", broker=False, last=0, without="outbox-transaction"
    )
    assert "phantom" in kinds(found)


def test_without_handler_and_mark_in_one_transaction_a_death_repeats_the_effect(
    host: Host,
) -> None:
    found = host.order("crash", place="inbox.handled", without="one-transaction")
    assert "doubled" in kinds(found)


def test_without_the_head_of_key_rule_a_retry_is_overtaken(host: Host) -> None:
    # Whether it is overtaken is a matter of time: on a busy machine not at the first try.
    assert any(
        "disorder" in kinds(host.order("crash", place="nowhere", without="head-of-key"))
        for _ in range(5)
    )


def test_without_the_key_lock_events_follow_the_numbers_and_not_the_commits(host: Host) -> None:
    found = host.order("overlap", without="key-lock")
    assert found["overlaps"]
    assert found["effects"] != found["commits"]


def test_without_fencing_a_sleeper_sends_and_moves_the_position_back(host: Host) -> None:
    relay = host.order("pause", place="relay.before-send", without="fencing")
    assert relay["sent"] > len(relay["deeds"])
    assert violations(relay) == []  # the inbox knows them: two mechanisms, each enough for that
    receiver = host.order("pause", place="receiver.before-store", without="fencing")
    assert receiver["positions"][0] != receiver["positions"][1]


def test_without_compensation_a_refused_saga_keeps_what_it_did(host: Host) -> None:
    found = host.order(
        "saga", saga="Journey", state={"refuse": True}, place="nowhere", without="compensation"
    )
    assert found["status"] == "compensated"
    assert found["effects"] == ["open", "reserve", "authorise"]
