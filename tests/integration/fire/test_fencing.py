"""A worker that sleeps past its lease, and wakes when another has taken over and gone on.

Real pauses, SIGSTOP and SIGCONT, at the worst places: between the check of the lease and the send,
in the middle of a batch, between what the broker or the database has and what is noted of it.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.fire.judge import violations
from tests.integration.sagas.conftest import Host

BEFORE_SENDING = ["relay.read", "relay.before-send", "broker.before-send"]
AFTERWARDS = ["broker.after-send", "relay.after-send", "relay.after-delete"]
RECEIVER = ["receiver.before-store", "receiver.after-commit", "receiver.acknowledged"]
IN_A_TRANSACTION = ["receiver.position-moved", "receiver.before-commit"]
LEASES = ["lease.after-take", "lease.before-renew"]
HANDLER = ["inbox.claimed", "inbox.handled", "inbox.before-commit", "inbox.rolled-back"]

IN_CI = {"relay.before-send", "broker.before-send", "relay.after-send", "receiver.before-store"}
IN_CI |= {"receiver.after-commit", "receiver.position-moved", "inbox.handled", "mover.stored"}


def places(names: list[str]) -> Any:
    """The places as parameters; those that are not in CI belong to the long matrix."""
    return pytest.mark.parametrize(
        "place",
        [pytest.param(each, marks=() if each in IN_CI else pytest.mark.slow) for each in names],
    )


@places(BEFORE_SENDING)
def test_a_relay_that_slept_past_its_lease_sends_nothing(host: Host, place: str) -> None:
    found = host.order("pause", place=place)
    assert found["settled"], "the successor did not get on"
    assert violations(found) == []
    assert found["sent"] == len(found["deeds"])


@places([*AFTERWARDS, *RECEIVER, *IN_A_TRANSACTION, *LEASES])
def test_what_a_worker_does_after_it_slept_past_its_lease_changes_nothing(
    host: Host, place: str
) -> None:
    found = host.order("pause", place=place)
    assert found["settled"], "the successor did not get on"
    assert violations(found) == []
    assert found["positions"][0] == found["positions"][1]


@places(HANDLER)
def test_a_handler_that_sleeps_past_every_lease_is_not_doubled_by_another_worker(
    host: Host, place: str
) -> None:
    """Its row stays locked, so its own key waits for it and nobody else takes the event."""
    found = host.order("pause", place=place)
    assert violations(found) == []
    assert (found["first"], found["second"]) == (0, 0)


@places(["mover.stored", "mover.before-commit"])
def test_a_mover_that_sleeps_in_its_transaction_keeps_nobody_back(host: Host, place: str) -> None:
    found = host.order("pause", place=place, broker=False)
    assert found["settled"], "the successor did not get on"
    assert violations(found) == []
