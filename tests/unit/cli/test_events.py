"""`ramet events replay|discard` over the databases of several groups."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from ramet.cli import events

ONE, TWO, OTHER = (f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2, 3))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """What `manage.py ramet_events` of each service was asked; orders has ONE, payments TWO."""
    calls: list[tuple[str, list[str]]] = []

    def run(service: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        calls.append((service, arguments))
        own = {"orders": ONE, "payments": TWO}[service]
        ids = [each for each in arguments if each.startswith("0000")]
        states = {each: "done" if each == OTHER else "unknown" for each in ids if each != own}
        withheld = 2 if "--all" in arguments and service == "payments" else 0
        answer = {"count": int(own in ids or not ids), "missing": states, "withheld": withheld}
        return subprocess.CompletedProcess([], 0, json.dumps(answer), "")

    monkeypatch.setattr(events, "_groups", lambda service: ["orders", "payments"])
    monkeypatch.setattr(events, "_run", run)
    return calls


Asked = list[tuple[str, list[str]]]


def test_ids_of_several_services_are_replayed_at_once(asked: Asked, capsys: Any) -> None:
    assert events.replay([ONE, TWO.upper()]) == 0
    assert (
        capsys.readouterr().out
        == "orders: 1 will be tried again\npayments: 1 will be tried again\n"
    )


def test_an_id_that_no_service_has_is_named_and_the_exit_code_is_1(
    asked: Asked, capsys: Any
) -> None:
    lost = "00000000-0000-0000-0000-000000000009"
    assert events.replay([ONE, OTHER, lost]) == 1
    told = capsys.readouterr()
    assert told.out == "orders: 1 will be tried again\n"
    assert told.err == f"no dead letter: {OTHER} (done)\nno dead letter: {lost} (unknown)\n"


def test_how_many_are_left_alone_is_told(asked: Asked, capsys: Any) -> None:
    assert events.replay(everything=True) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "payments: 1 will be tried again",
        "payments: 2 not from their producer stay dead unless named by id",
    ]


def test_what_narrows_is_passed_on(asked: Asked, capsys: Any) -> None:
    assert events.discard(handler="mail", key="", error="no box", dry_run=True) == 0
    assert asked[0][1] == [
        *["discard", "--json", "--dry-run", "--handler=mail", "--error=no box", "--key="]
    ]
    assert "orders: 1 would be kept and never tried again" in capsys.readouterr().out


def test_nothing_chosen_or_no_id_is_wrong_usage(asked: Asked, capsys: Any) -> None:
    assert events.replay() == 2
    assert "name event ids" in capsys.readouterr().err
    assert events.replay(["7"]) == 2
    assert "an event id is a UUID: 7" in capsys.readouterr().err
    assert asked == []
