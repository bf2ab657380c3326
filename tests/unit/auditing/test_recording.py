"""`ramet.audit`: an entry is there if and only if the change that it tells of is."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from structlog.contextvars import bound_contextvars

import ramet
from ramet.auditing import AuditOutsideTransaction
from ramet.auditing.models import Entry
from ramet.telemetry.redaction import REDACTED
from tests.unit.auditing.conftest import Log


def test_an_entry_commits_with_the_change(log: Log) -> None:
    with transaction.atomic():
        group = Group.objects.create(name="a")
        ramet.audit("group.made", subject=group.pk, name="a")
    assert log() == [("group.made", str(group.pk))]
    assert json.loads(Entry.objects.get().facts) == {"name": "a"}


def test_an_entry_goes_with_the_change_that_is_rolled_back(log: Log) -> None:
    with transaction.atomic():
        ramet.audit("group.made", subject=1)
        transaction.set_rollback(True)
    assert log() == []


def test_outside_a_transaction_nothing_is_written(log: Log) -> None:
    with pytest.raises(AuditOutsideTransaction, match=r"audit\('group.made'\)"):
        ramet.audit("group.made", subject=1)
    assert log() == []


def test_ids_times_and_amounts_become_text(log: Log) -> None:
    with transaction.atomic():
        ramet.audit(
            "paid",
            subject=UUID(int=1),
            amount=Decimal("12.50"),
            at=datetime(2026, 1, 2, tzinfo=UTC),
            lines=[{"sku": "TL-101", "quantity": 2}],
        )
    entry = Entry.objects.get()
    assert entry.subject == "00000000-0000-0000-0000-000000000001"
    assert json.loads(entry.facts) == {
        "amount": "12.50",
        "at": "2026-01-02 00:00:00+00:00",
        "lines": [{"sku": "TL-101", "quantity": 2}],
    }


def test_what_json_cannot_hold_is_a_mistake(log: Log) -> None:
    with pytest.raises(TypeError, match="an audit fact of type Group"), transaction.atomic():
        ramet.audit("paid", group=Group(name="a"))
    assert log() == []


def test_secrets_are_not_kept_under_whatever_name_they_come(log: Log) -> None:
    with transaction.atomic():
        ramet.audit(
            "paid",
            payment_token="tok_ok",
            note={"password": "hunter2"},
            text="Authorization: Bearer 0123456789abcdef0123",
        )
    facts = Entry.objects.get().facts
    assert facts.count(REDACTED) == 3
    for secret in ("tok_ok", "hunter2", "0123456789abcdef"):
        assert secret not in facts


def test_the_request_is_told(log: Log) -> None:
    with bound_contextvars(request_id="r1"), transaction.atomic():
        ramet.audit("paid")
    assert Entry.objects.get().request_id == "r1"


def test_long_texts_are_cut_and_do_not_undo_the_change(log: Log) -> None:
    with bound_contextvars(request_id="r" * 300), transaction.atomic():
        ramet.audit("a" * 300, subject="s" * 300)
    entry = Entry.objects.get()
    assert (len(entry.action), len(entry.subject), len(entry.request_id)) == (100, 255, 255)
