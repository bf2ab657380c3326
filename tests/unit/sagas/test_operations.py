"""What an operator sees and does, through `manage.py ramet_sagas`."""

import io
import json
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models.functions import Now

from ramet.calls import Unavailable
from ramet.sagas.claims import LostClaim, claim
from ramet.sagas.engine import run_due, work
from ramet.sagas.models import SagaRun
from tests.unit.sagas.examples import OutOfStock, Trip, calls, script

pytestmark = pytest.mark.django_db

Settle = Callable[[], None]


def start(traveller: uuid.UUID | None = None) -> str:
    with transaction.atomic():
        return str(Trip.start(traveller=traveller or uuid.uuid4()))


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("ramet_sagas", *arguments, stdout=out)
    return out.getvalue()


def read(*arguments: str) -> Any:
    return json.loads(command(*arguments, "--json"))


def waiting_before_pay() -> str:
    script["pay"] = [Unavailable("the bank is away")]
    run = start()
    run_due("test")
    return run


def test_the_list_shows_what_has_not_ended(settle: Settle) -> None:
    start()
    settle()
    run = waiting_before_pay()
    (listed,) = read("list")
    assert (listed["id"], listed["step"], listed["attempts"]) == (run, "pay", 1)
    assert listed["error"] == "Unavailable: the bank is away"
    assert len(read("list", "--all")) == 2


def test_the_list_for_people_has_a_line_for_each_run() -> None:
    traveller = uuid.uuid4()
    start(traveller)
    heading, line = command("list").splitlines()
    assert heading.split() == ["RUN", "SAGA", "STATUS", "STEP", "ATTEMPTS", "AGE", "KEY"]
    assert "tests.unit.Trip v1" in line
    assert line.endswith(str(traveller))
    assert command("list", "--status", "stuck") == "no runs\n"


def test_showing_a_run_tells_what_it_did_and_why_it_turned_back(settle: Settle) -> None:
    script["pay"] = [OutOfStock("LAMP")]
    run = start()
    settle()
    shown = read("show", run)
    assert shown["failure"]["fields"] == {"sku": "LAMP"}
    assert [entry["step"] for entry in shown["journal"]][-2:] == ["reserve", "open"]
    assert "undo reserve  done" in command("show", run)


def test_a_stuck_run_goes_on_when_it_is_resumed(settle: Settle) -> None:
    script["send"] = [OutOfStock("LAMP")]
    run = start()
    settle()
    assert read("list", "--status", "stuck")[0]["id"] == run
    assert command("resume", run) == f"{run} goes on\n"
    settle()
    assert SagaRun.objects.get(pk=run).status == "completed"


def test_a_stuck_undo_is_resumed_on_the_way_back(settle: Settle) -> None:
    script["pay"] = [OutOfStock("x")]
    script["release"] = [OutOfStock("y")]
    run = start()
    settle()
    command("resume", run)
    settle()
    assert SagaRun.objects.get(pk=run).status == "compensated"
    assert calls[-2:] == ["release", "cancel"]


def test_a_waiting_run_can_be_turned_back_and_the_step_in_doubt_is_undone(settle: Settle) -> None:
    run = waiting_before_pay()
    assert command("compensate", run, "--why", "fraud") == f"{run} is compensating\n"
    settle()
    assert calls[-3:] == ["void", "release", "cancel"]
    failure = SagaRun.objects.get(pk=run).failure
    assert failure is not None
    assert (failure["error"], failure["message"]) == ("CompensatedByHand", "fraud")


def test_a_run_past_its_pivot_cannot_be_turned_back() -> None:
    script["send"] = [Unavailable("away")]
    run = start()
    run_due("test")
    with pytest.raises(CommandError, match="passed its pivot, decide"):
        command("compensate", run)


def test_a_run_that_has_ended_cannot_be_turned_back(settle: Settle) -> None:
    run = start()
    settle()
    with pytest.raises(CommandError, match="It is completed"):
        command("compensate", run)


def test_turning_back_takes_the_run_from_the_worker_that_has_it() -> None:
    run = start()
    held = claim("worker-1")
    assert held is not None
    command("compensate", run)
    with pytest.raises(LostClaim):
        work(held, keep=lambda: True)
    left = SagaRun.objects.get(pk=run)
    assert left.status == "compensated", "its first step is atomic and did not commit"


def test_undoing_waits_for_the_lease_of_a_worker_that_may_still_be_calling() -> None:
    run = waiting_before_pay()
    SagaRun.objects.filter(pk=run).update(run_at=Now())
    assert claim("worker-1") is not None
    command("compensate", run)
    assert run_due("worker-2") == 0
    SagaRun.objects.filter(pk=run).update(run_at=Now() - timedelta(seconds=1))
    assert run_due("worker-2") == 1


def test_a_run_in_the_hands_of_a_worker_is_not_resumed() -> None:
    run = start()
    assert claim("worker-1") is not None
    with pytest.raises(CommandError, match="in the hands of worker-1; left as it is") as caught:
        command("resume", run)
    assert caught.value.returncode == 1


@pytest.mark.parametrize(
    ("given", "code"), [("nonsense", 2), ("7b1f4c9e-0000-4000-8000-000000000000", 3)]
)
def test_an_unknown_run_is_told_from_a_wrong_id(given: str, code: int) -> None:
    with pytest.raises(CommandError) as caught:
        command("show", given)
    assert caught.value.returncode == code


def stuck() -> str:
    script["send"] = [OutOfStock("LAMP")]
    run = start()
    run_due("test")
    return run


def test_people_are_told_that_a_stuck_run_needs_a_person_and_what_it_has_done() -> None:
    run = stuck()
    assert "needs a person" in command("list")
    shown = command("show", run)
    assert re.search(r"^status +needs a person$", shown, re.M)
    done = re.findall(r"do   (\w+)  (\w+) at attempt 1", shown)
    assert done == [
        *((step, "done") for step in ("open", "reserve", "look", "pay", "decide")),
        ("send", "refused"),
    ]
    assert f"ramet sagas resume {run}" in shown
    assert read("show", run)["status"] == "stuck"


def test_a_run_whose_code_is_gone_says_what_it_waits_for() -> None:
    run = start()
    SagaRun.objects.filter(pk=run).update(version=99)
    assert "waits for code of version 99" in command("list")
    (listed,) = read("list")
    assert (listed["is_known"], listed["waits_for"], listed["step"]) == (False, "code", "#0")
    assert command("resume", run) == f"{run} goes on once code of version 99 is deployed\n"
    with pytest.raises(CommandError, match="version 99 is not in this code") as caught:
        command("compensate", run)
    assert caught.value.returncode == 1
    assert "all wait for code of version 99" in command("lag")


def test_a_deploy_is_told_of_runs_whose_code_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    start()
    check = {"databases": ["default"], "tags": ["database"]}
    call_command("check", **check)
    assert "W020" not in capsys.readouterr().err
    SagaRun.objects.update(version=99)
    call_command("check", **check)
    told = capsys.readouterr().err
    assert "(ramet.W020) 1 run of tests.unit.Trip version 99 cannot go on" in told
    assert "ramet sagas list --saga tests.unit.Trip" in told


def test_counts_tell_how_many_runs_stand_where_and_for_how_long(settle: Settle) -> None:
    start()
    settle()
    assert read("lag") == [], "runs that have ended are not counted"
    stuck()
    waiting_before_pay()
    SagaRun.objects.filter(status="running").update(created_at=Now() - timedelta(seconds=90))
    SagaRun.objects.filter(status="stuck").update(created_at=Now() - timedelta(hours=2))
    (found,) = read("lag")
    assert 90 <= found.pop("oldest_running_seconds") < 150
    assert 7200 <= found.pop("oldest_stuck_seconds") < 7260
    assert found == {
        "saga": "tests.unit.Trip",
        "version": 1,
        "is_known": True,
        "running": 1,
        "waiting": 0,
        "compensating": 0,
        "stuck": 1,
    }
    assert "1 running" in command("lag")
    assert "1 needs a person" in command("lag")
    assert 7200 <= read("list", "--status", "stuck")[0]["age_seconds"] < 7260


def test_what_was_done_to_a_run_is_told_to_programs() -> None:
    run = stuck()
    (resumed,) = read("resume", run)
    assert (resumed["id"], resumed["status"]) == (run, "running")
    other = waiting_before_pay()
    assert read("compensate", other)["status"] == "compensating"


def test_of_several_runs_each_is_resumed_that_can_be(settle: Settle) -> None:
    ended = start()
    settle()
    run = stuck()
    with pytest.raises(CommandError, match=f"{ended} is completed; left as it is"):
        command("resume", ended, run)
    assert SagaRun.objects.get(pk=run).status == "running"


def test_of_several_runs_those_that_are_not_there_are_told_and_the_others_resumed() -> None:
    run, missing = stuck(), [str(uuid.uuid4()), str(uuid.uuid4())]
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("ramet_sagas", "resume", missing[0], run, missing[1], stdout=out)
    assert str(caught.value).splitlines() == [
        f"There is no run {each} in this database." for each in missing
    ]
    assert caught.value.returncode == 1, "not as if the next database should be asked for all"
    assert out.getvalue() == f"{run} goes on\n"
    assert SagaRun.objects.get(pk=run).status == "running"
    with pytest.raises(CommandError) as caught:
        command("resume", *missing)
    assert caught.value.returncode == 3


def test_nothing_is_resumed_when_one_of_several_is_no_id() -> None:
    run = stuck()
    with pytest.raises(CommandError, match="'seven' is not the id of a run") as caught:
        command("resume", run, "seven")
    assert caught.value.returncode == 2
    assert SagaRun.objects.get(pk=run).status == "stuck"


def test_runs_are_found_by_their_id_or_by_what_their_state_says() -> None:
    traveller = uuid.uuid4()
    wanted, other = start(traveller), start()
    assert [run["id"] for run in read("list", "--find", str(traveller))] == [wanted]
    assert [run["id"] for run in read("list", "--find", other)] == [other]
    assert read("list", "--find", "nobody") == []


def test_the_newest_come_first_where_they_are_asked_for() -> None:
    runs = [start() for _ in range(3)]
    for number, run in enumerate(runs):
        SagaRun.objects.filter(pk=run).update(created_at=Now() + timedelta(seconds=number))
    assert [run["id"] for run in read("list", "--newest", "--limit=2")] == runs[:0:-1]


def test_a_page_gets_a_state_without_secrets() -> None:
    run = start()
    SagaRun.objects.filter(pk=run).update(state={"payment_token": "tok_ok", "lines": [1]})
    assert read("show", run)["state"]["payment_token"] == "tok_ok"
    shown = json.loads(command("show", run, "--json", "--for-page"))
    assert shown["state"] == {"payment_token": "[redacted]", "lines": [1]}


@pytest.mark.parametrize("asked", [["list"], ["show"]])
def test_a_page_gets_an_error_without_secrets(asked: list[str]) -> None:
    run = start()
    SagaRun.objects.filter(pk=run).update(error="refused: password=hunter2 of ann@shop.example")
    where = [run] if asked == ["show"] else []
    shown = command(*asked, *where, "--json", "--for-page")
    assert "refused" in shown
    assert "hunter2" not in shown
    assert "ann@shop.example" not in shown
