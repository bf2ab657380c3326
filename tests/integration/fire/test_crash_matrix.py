"""SIGKILL at every failpoint, a lost database at every one, a lost answer after every commit."""

from __future__ import annotations

import signal
from collections.abc import Callable
from fnmatch import fnmatch
from importlib import import_module
from typing import Any

import pytest

from tests.integration.fire.judge import violations
from tests.integration.fire.matrix import ELSEWHERE, ROWS, Row, in_source
from tests.integration.sagas.conftest import Host

CUT_IN_CI = {"outbox.inserted", "relay.after-send", "receiver.before-commit", "mover.stored"}
CUT_IN_CI |= {"inbox.handled", "lease.before-renew"}


def table(rows: list[Row], in_ci: Callable[[Row], bool] = lambda row: True) -> Any:
    """The rows as parameters; those that are not `in_ci` belong to the long matrix."""
    return pytest.mark.parametrize(
        "row",
        [
            pytest.param(row, id=row.place, marks=() if in_ci(row) else pytest.mark.slow)
            for row in rows
        ],
    )


@table(ROWS)
def test_a_process_killed_anywhere_leaves_one_effect_in_order(host: Host, row: Row) -> None:
    found = host.order("crash", place=row.place, broker=row.broker, deadly=row.deadly)
    assert (found["first"], found["second"]) == (-signal.SIGKILL, 0)
    assert violations(found) == []
    assert found["deaths"] == [-signal.SIGKILL] * row.deadly


@table(ROWS, in_ci=lambda row: row.place in CUT_IN_CI)
def test_losing_the_database_anywhere_delays_and_changes_nothing(host: Host, row: Row) -> None:
    found = host.order("crash", place=row.place, broker=row.broker, deadly=row.deadly, deed="cut")
    assert (found["first"], found["second"]) == (0, 0)
    assert violations(found) == []


@table([row for row in ROWS if row.doubt], in_ci=lambda row: row.part not in ("lease", "presence"))
def test_a_commit_whose_answer_is_lost_is_not_done_twice(host: Host, row: Row) -> None:
    found = host.order("crash", place=row.place, broker=row.broker, deadly=row.deadly, deed="doubt")
    assert (found["first"], found["second"]) == (0, 0)
    assert violations(found) == []


def test_the_matrix_has_every_failpoint_of_the_source() -> None:
    wanted = {
        name for part, names in in_source().items() if part not in ELSEWHERE for name in names
    }
    rows = {row.place for row in ROWS}
    missing = [name for name in sorted(wanted) if not any(fnmatch(row, name) for row in rows)]
    gone = [row for row in sorted(rows) if not any(fnmatch(row, name) for name in wanted)]
    assert (missing, gone) == ([], []), "update ROWS of tests/integration/fire/matrix.py"


@pytest.mark.parametrize("part", ELSEWHERE)
def test_a_part_with_a_host_of_its_own_dies_at_every_failpoint_too(part: str) -> None:
    tested = {each for module in ELSEWHERE[part] for each in import_module(module).BOUNDARIES}
    assert tested == {each.partition(":")[0] for each in in_source()[part]}
