"""Steps that wait for a reply or a time, on SQLite and in one thread."""

import io
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models.functions import Now

import ramet
from ramet.calls import Refused, Unavailable
from ramet.errors import DiagnosticError
from ramet.sagas import operations, registry
from ramet.sagas.claims import claim, release
from ramet.sagas.counting import counts
from ramet.sagas.describing import describe
from ramet.sagas.engine import run_due, work
from ramet.sagas.housekeeping import Housekeeping
from ramet.sagas.loop import SagaLoop
from ramet.sagas.models import SagaReply, SagaRun
from tests.unit.sagas.examples import calls, play, script

pytestmark = pytest.mark.django_db

Settle = Callable[[], None]


class Verdict(ramet.Value):
    by: str
    yes: bool = True


class TooLate(Refused):
    pass


class Approval(ramet.Saga, version=1, key="order"):
    order: uuid.UUID
    by: str = ""

    @ramet.step(undo="withdraw")
    def ask(self) -> None:
        play("ask")

    def withdraw(self) -> None:
        play("withdraw")

    @ramet.step(undo="forget", wait="30m", attempts=3)
    def answered(self, verdict: Verdict | None) -> None:
        play(f"answered {verdict and verdict.by}")
        if verdict is None:
            raise TooLate
        self.by = verdict.by

    def forget(self) -> None:
        play("forget")

    @ramet.step(pivot=True, atomic=True)
    def decide(self) -> None:
        play("decide")


class ApprovalOfOld(ramet.Saga, name="Approval", version=7, key="order"):
    """Another version, without the step that waits."""

    order: uuid.UUID

    @ramet.step(atomic=True)
    def decide(self) -> None: ...


class Reminder(ramet.Saga, version=1):
    @ramet.step(undo=None, wait="2h")
    def remind(self) -> None:
        play("remind")


def start(**values: Any) -> tuple[uuid.UUID, uuid.UUID]:
    order = uuid.uuid4()
    with transaction.atomic():
        return order, Approval.start(order=order, **values)


def reply(order: uuid.UUID, by: str = "ann") -> bool:
    with transaction.atomic():
        return Approval.reply(order, Approval.answered, Verdict(by=by))


def row(run_id: uuid.UUID) -> SagaRun:
    return SagaRun.objects.get(pk=run_id)


def let_time_pass(run_id: uuid.UUID) -> None:
    SagaRun.objects.filter(pk=run_id).update(run_at=Now() - timedelta(seconds=1))


def outcomes(run_id: uuid.UUID) -> list[str]:
    return list(SagaReply.objects.filter(run=run_id).values_list("outcome", flat=True))


def test_a_run_waits_in_the_database_and_no_worker_holds_it() -> None:
    _, run_id = start()
    run_due("test")
    assert calls == ["ask"]
    run = row(run_id)
    assert (run.status, run.wait, run.holder, run.attempts) == ("running", "open", "", 0)
    waits = SagaRun.objects.filter(pk=run_id).values_list("run_at", Now()).get()
    assert timedelta(minutes=29) < waits[0] - waits[1] <= timedelta(minutes=30)
    assert run_due("test") == 0


def test_a_reply_ends_the_wait_at_once() -> None:
    order, run_id = start()
    run_due("test")
    assert reply(order) is True
    run_due("test")
    assert calls == ["ask", "answered ann", "decide"]
    assert row(run_id).state["by"] == "ann"
    assert row(run_id).journal.get(step="answered").wait == "replied"


def test_a_reply_that_comes_before_the_wait_is_not_lost() -> None:
    order, run_id = start()
    assert reply(order) is True
    run_due("test")
    assert calls == ["ask", "answered ann", "decide"]
    assert row(run_id).status == "completed"


def test_without_a_reply_the_step_gets_none_when_the_time_is_over(settle: Settle) -> None:
    _, run_id = start()
    run_due("test")
    let_time_pass(run_id)
    settle()
    assert calls == ["ask", "answered None", "withdraw"]
    run = row(run_id)
    assert run.status == "compensated"
    assert run.failure is not None
    assert run.failure["error"] == "TooLate"
    assert run.journal.get(step="answered").wait == "timed_out"


def test_a_reply_after_the_time_is_ignored_and_the_journal_shows_it() -> None:
    order, run_id = start()
    run_due("test")
    let_time_pass(run_id)
    assert reply(order) is False, "late by the database's clock, though no worker has come to it"
    run_due("test")
    assert "answered ann" not in calls
    assert reply(order, "bob") is False
    assert outcomes(run_id) == ["late", "late"]


def test_a_reply_in_time_wins_though_no_worker_comes_before_the_time_is_over() -> None:
    order, run_id = start()
    run_due("test")
    assert reply(order) is True
    let_time_pass(run_id)
    run_due("test")
    assert row(run_id).state["by"] == "ann"


def test_of_two_replies_the_first_one_counts() -> None:
    order, run_id = start()
    run_due("test")
    assert [reply(order), reply(order, "bob")] == [True, False]
    run_due("test")
    assert calls[1:] == ["answered ann", "decide"]
    assert outcomes(run_id) == ["accepted", "again"]


def test_each_attempt_of_the_step_sees_the_same(settle: Settle) -> None:
    order, run_id = start()
    run_due("test")
    let_time_pass(run_id)
    script["answered None"] = [Unavailable("away")]
    run_due("test")
    assert reply(order) is False
    settle()
    assert calls == ["ask", "answered None", "answered None", "forget", "withdraw"]
    assert row(run_id).status == "compensated"


def test_a_reply_of_a_transaction_that_rolls_back_never_came() -> None:
    order, run_id = start()
    run_due("test")
    with transaction.atomic():
        Approval.reply(order, Approval.answered, Verdict(by="ann"))
        transaction.set_rollback(True)
    assert run_due("test") == 0
    assert row(run_id).wait == "open"


def test_a_reply_to_a_run_that_has_ended_turned_back_or_never_was_is_ignored() -> None:
    assert reply(uuid.uuid4()) is False
    order, run_id = start()
    run_due("test")
    operations.compensate(run_id, "fraud")
    assert reply(order) is False
    run_due("test")
    assert row(run_id).status == "compensated"
    assert reply(order) is False
    assert outcomes(run_id) == ["late", "late"]
    assert calls == ["ask", "withdraw"]


def test_a_run_of_a_version_without_the_step_ignores_the_reply() -> None:
    order = uuid.uuid4()
    with transaction.atomic():
        old = ApprovalOfOld.start(order=order)
    assert reply(order) is False
    assert outcomes(old) == ["unknown"]


def replied_by_old_code() -> uuid.UUID:
    """A run that waits, and whose reply came to a process that does not know its version."""
    order, run_id = start()
    run_due("test")
    SagaRun.objects.filter(pk=run_id).update(version=99)
    assert reply(order) is True
    SagaRun.objects.filter(pk=run_id).update(version=1)
    assert run_due("test") == 0, "the old code could not tell that the run waits for this"
    return run_id


def begin_a_worker() -> None:
    loop = SagaLoop("worker-1")
    loop.begin()
    loop.end()


def tend() -> None:
    keeper = Housekeeping()
    keeper.due = 0.0
    keeper.tend()


@pytest.mark.parametrize("notice", [begin_a_worker, tend])
def test_a_reply_that_code_without_the_version_kept_wakes_its_run(notice: Settle) -> None:
    run_id = replied_by_old_code()
    _, other = start()
    run_due("test")
    notice()
    run_due("test")
    assert row(run_id).state["by"] == "ann"
    assert row(run_id).status == "completed"
    assert row(other).wait == "open", "nobody replied to that one"


def test_a_reply_kept_for_a_later_step_does_not_end_the_wait_of_an_earlier_one() -> None:
    order, run_id = start()
    SagaRun.objects.filter(pk=run_id).update(version=99)
    assert reply(order) is True
    SagaRun.objects.filter(pk=run_id).update(version=1, wait="open", run_at=Now() + timedelta(1))
    tend()
    assert run_due("test") == 0


def test_code_without_the_version_sees_by_the_journal_that_a_reply_is_late() -> None:
    order, run_id = start()
    run_due("test")
    let_time_pass(run_id)
    script["answered None"] = [Unavailable("away")]
    run_due("test")
    SagaRun.objects.filter(pk=run_id).update(version=99)
    assert reply(order) is False
    assert outcomes(run_id) == ["late"]


def test_a_timer_begins_its_step_when_the_time_is_over() -> None:
    with transaction.atomic():
        run_id = Reminder.start()
    run_due("test")
    assert calls == []
    let_time_pass(run_id)
    run_due("test")
    assert calls == ["remind"]
    assert row(run_id).status == "completed"


def lose_the_last_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when somebody takes it out without a new version of the saga."""
    known = Reminder.__ramet_saga__
    monkeypatch.setitem(
        registry._definitions, (known.name, known.version), replace(known, steps=())
    )


def test_a_run_whose_waiting_step_was_taken_out_keeps_no_other_from_going_on() -> None:
    with pytest.MonkeyPatch.context() as lost:
        with transaction.atomic():
            run_id = Reminder.start()
        run_due("test")
        lose_the_last_step(lost)
        described = describe(row(run_id))
        assert (described["step"], described["waits_for"]) == ("#0", None)
        for _ in range(4):
            let_time_pass(run_id)
            held = claim("test")
            assert held is not None
            assert held.id == run_id
            with pytest.raises(IndexError):
                work(held, keep=lambda: True)
            assert start()
            run_due("test")
            assert calls == ["ask"]
            calls.clear()
            release("test", [(held.id, held.epoch)])
    let_time_pass(run_id)
    run_due("test")
    assert calls == ["remind"], "code that has the step again"
    assert row(run_id).journal.get().attempts == 1


def test_replying_wrongly_is_told_where_it_is_done() -> None:
    order, _ = start()
    with pytest.raises(RuntimeError, match="outside transaction"):
        Approval.reply(order, Approval.answered, Verdict(by="ann"))
    with transaction.atomic():
        with pytest.raises(TypeError, match="the reply to answered"):
            Approval.reply(order, Approval.answered, Verdict(by=7))  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="no step decide that waits"):
            Approval.reply(order, Approval.decide, 7)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="the key order"):
            Approval.reply("order 7", Approval.answered, Verdict(by="ann"))


def test_mistakes_of_waiting_steps_are_reported_together() -> None:
    with pytest.raises(DiagnosticError) as caught:

        class Wrong(ramet.Saga, version=1):
            @ramet.step(undo=None, wait="soon")
            def first(self) -> None: ...

            @ramet.step(undo=None, wait="4000d")
            def second(self) -> None: ...

            @ramet.step(undo=None, wait="1h")
            def third(self, verdict: Verdict) -> None: ...

            @ramet.step(undo=None, wait="1h")
            def fourth(self, verdict: Verdict | None, more: int) -> None: ...

            @ramet.step(undo=None, wait="1h")
            def fifth(self, verdict: object | None) -> None: ...

            @ramet.step(undo=None)
            def reply(self) -> None: ...  # type: ignore[override]

    found = [(each.reference, each.where.rpartition(".")[2]) for each in caught.value.mistakes]
    assert sorted(found) == [
        ("saga-reply-without-key", "Wrong"),
        ("saga-step-name", "reply"),
        ("saga-wait", "first"),
        ("saga-wait", "second"),
        ("saga-wait-signature", "fourth"),
        ("saga-wait-signature", "third"),
        ("type-cannot-cross-the-wire", "fifth"),
    ]


def test_an_operator_sees_what_a_run_waits_for_and_which_replies_came() -> None:
    order, run_id = start()
    run_due("test")
    out = io.StringIO()
    call_command("ramet_sagas", "list", stdout=out)
    assert "waits for a reply until 20" in out.getvalue()
    with pytest.raises(CommandError, match=r"waits for a reply until .*; left as it is"):
        call_command("ramet_sagas", "resume", str(run_id))
    (found,) = counts()
    assert (found.running, found.waiting) == (1, 1)
    reply(order)
    reply(order, "bob")
    run_due("test")
    shown = describe(row(run_id), fully=True)
    assert [(each["outcome"], each["content"]["by"]) for each in shown["replies"]] == [
        ("accepted", "ann"),
        ("again", "bob"),
    ]
    out = io.StringIO()
    call_command("ramet_sagas", "show", str(run_id), stdout=out)
    assert "do   answered  done at attempt 1 after a reply" in out.getvalue()
    assert "reply to answered  again" in out.getvalue()
