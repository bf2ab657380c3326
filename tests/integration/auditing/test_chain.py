"""The chain: what was removed from a sealed part of the log, changed in it or added shows."""

import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.db.models.functions import Now
from structlog.testing import capture_logs

import ramet
from ramet.auditing.chain import seal, verify
from ramet.auditing.models import Entry, Seal
from ramet.auditing.pruning import prune
from ramet.auditing.sealing import Sealing
from tests.integration.auditing.conftest import without_triggers

pytestmark = pytest.mark.usefixtures("database")


def write(*subjects: int) -> None:
    for subject in subjects:
        with transaction.atomic():
            ramet.audit("paid", subject=subject)


def sealed(*subjects: int) -> Seal:
    write(*subjects)
    made = seal()
    assert made is not None
    return made


def broken() -> str:
    return "; ".join(each.what for each in verify().broken)


def test_an_untouched_log_is_found_whole() -> None:
    sealed(1, 2)
    last = sealed(3)
    write(4)
    verdict = verify()
    assert (verdict.entries, verdict.unsealed, verdict.broken) == (3, 1, ())
    assert verdict.head == last.digest


def test_anybody_can_compute_a_seal_from_the_rows() -> None:
    first, second = sealed(1, 2), sealed(3)
    before = ""
    for each in (first, second):
        digest = hashlib.sha256(before.encode())
        for entry in Entry.objects.filter(seal=each.pk).order_by("seq"):
            at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
            line = [entry.seq, at, "django", "paid", entry.subject, "", "", "", "", "{}"]
            digest.update(b"\n" + json.dumps(line, separators=(",", ":")).encode())
        before = digest.hexdigest()
        assert each.digest == before


def test_there_is_nothing_to_seal_twice() -> None:
    sealed(1)
    assert seal() is None


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE ramet_audit_entry SET subject = '9' WHERE subject = '1'", "was changed"),
        ("UPDATE ramet_audit_entry SET at = at - interval '1 s' WHERE subject = '1'", "changed"),
        ("DELETE FROM ramet_audit_entry WHERE subject = '1'", "1 entries, 2 were sealed"),
        ("UPDATE ramet_audit_seal SET digest = repeat('0', 64)", "was changed"),
        ("DELETE FROM ramet_audit_seal WHERE entries = 2", "entries of seals that are not there"),
        (
            "INSERT INTO ramet_audit_entry (service, action, subject, seal)"
            " SELECT 'django', 'paid', '9', min(id) FROM ramet_audit_seal",
            "3 entries, 2 were sealed",
        ),
    ],
)
def test_what_somebody_did_to_the_past_is_seen(statement: str, told: str) -> None:
    sealed(1, 2)
    sealed(3)
    without_triggers(statement)
    assert told in broken()
    with pytest.raises(CommandError, match=told):
        call_command("ramet_audit", "verify")


@pytest.mark.parametrize(
    ("place", "told"),
    [(0, "no entry audit.pruned tells by whom"), (1, "though an older one was not")],
    ids=["the oldest", "the middle"],
)
def test_what_was_removed_as_if_it_had_been_pruned_is_seen(place: int, told: str) -> None:
    """The triggers allow it: they cannot tell who prunes."""
    emptied = [sealed(1), sealed(2), sealed(3)][place]
    Seal.objects.filter(pk=emptied.pk).update(pruned_at=Now())
    Entry.objects.filter(seal=emptied.pk).delete()
    assert told in broken()


def test_pruning_may_remove_what_tells_of_the_pruning_before() -> None:
    sealed(1)
    prune(datetime.now(UTC))
    sealed(2)
    prune(datetime.now(UTC))
    assert [*Entry.objects.values_list("action", flat=True)] == ["audit.pruned"]
    assert verify().broken == ()


def test_a_chain_that_was_computed_anew_is_seen_with_a_digest_that_was_noted() -> None:
    sealed(1, 2)
    head = sealed(3).digest
    without_triggers(
        "DELETE FROM ramet_audit_entry WHERE subject = '2'",
        "UPDATE ramet_audit_entry SET seal = NULL",
        "DELETE FROM ramet_audit_seal",
    )
    seal()
    assert broken() == ""
    assert f"no seal has the digest {head}" in str(verify(head).broken)


def test_an_entry_that_commits_late_is_sealed_later() -> None:
    """Its number is lower than that of entries that are sealed already."""
    may_commit, is_written = threading.Event(), threading.Event()

    def late() -> None:
        try:
            with transaction.atomic():
                ramet.audit("late")
                is_written.set()
                may_commit.wait(30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=late)
    thread.start()
    assert is_written.wait(30)
    first = sealed(1)
    may_commit.set()
    thread.join(30)
    second = seal()
    assert second is not None
    one, other = Entry.objects.order_by("seq")
    assert (one.action, one.seal, other.seal) == ("late", second.pk, first.pk)
    assert broken() == ""


def test_two_sealers_make_one_chain() -> None:
    write(*range(40))
    threads = [threading.Thread(target=_seal_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    write(*range(40, 60))
    for thread in threads:
        thread.join(30)
    _seal_all()
    verdict = verify()
    assert (verdict.entries, verdict.unsealed, verdict.broken) == (60, 0, ())


def _seal_all() -> None:
    try:
        for _ in range(20):
            seal()
    finally:
        connections.close_all()


def test_the_worker_seals_and_holds_no_connection_while_there_is_nothing_to_do() -> None:
    write(1)
    loop = Sealing()
    with capture_logs() as logs:
        assert loop.work() is None
    assert verify().unsealed == 0
    assert logs[0]["digest"] == verify().head
    assert loop.work() is None
    assert connections["default"].connection is None


def test_what_is_pruned_is_gone_and_the_rest_is_still_proved() -> None:
    sealed(1, 2)
    border = datetime.now(UTC)
    last = sealed(3)
    assert prune(border) == 2
    assert [*Entry.objects.order_by("seq").values_list("action", "subject")] == [
        ("paid", "3"),
        ("audit.pruned", str(Seal.objects.order_by("id")[0].pk)),
    ]
    verdict = verify(last.digest)
    assert (verdict.entries, verdict.pruned, verdict.unsealed, verdict.broken) == (1, 2, 1, ())


def test_pruning_seals_first_and_spares_a_seal_that_is_partly_younger() -> None:
    write(1)
    border = datetime.now(UTC)
    write(2)
    assert prune(border) == 0
    assert Entry.objects.filter(seal=None).count() == 0
    assert prune(datetime.now(UTC) + timedelta(seconds=1)) == 2
    assert verify().broken == ()
