"""A transaction that writes several sides is one saga, and no other is counted beside it."""

from __future__ import annotations

from typing import Literal

import msgspec

from ramet.tools.assess.facts import Atomic, Function, Write
from ramet.tools.assess.findings import Judgement
from ramet.tools.assess.judgement.efforts import EFFORTS, FURTHER_SERVICE
from ramet.tools.assess.judgement.judging import judge
from tests.unit.tools.assess.judgement.scans import shop, transaction


def function(name: str, kind: Literal["function", "command"] = "function") -> Function:
    app = name.partition(".")[0]
    return Function(
        name=name, kind=kind, app=app, file=f"{app}/services.py", line=1, reads=[], writes=[]
    )


def calling(other: str, atomic: Atomic, name: str, *own: str) -> Atomic:
    """A transaction that writes `own` models, and all those of another through its function."""
    writes = [Write(model=label, file="users/services.py", line=8) for label in own]
    writes += [msgspec.structs.replace(each, via=[other, *each.via]) for each in atomic.writes]
    return Atomic(function=name, file="users/services.py", line=7, writes=writes)


def judged(*atomics: Atomic, functions: tuple[Function, ...] = ()) -> Judgement:
    scan = msgspec.structs.replace(shop(atomics=list(atomics)), functions=list(functions))
    return judge(scan, seeds=5)


def test_a_transaction_over_three_groups_is_one_saga() -> None:
    found = judged(transaction("orders.D", "orders.E", "users.A", "payments.G"))

    [saga] = found.cuts
    assert (saga.source_group, saga.target_group, saga.further_groups, saga.how) == (
        "orders",
        "payments",
        ["users"],
        "saga",
    )
    assert saga.edge.field == "orders.services.place"
    assert (saga.edge.file, saga.edge.line) == ("orders/services.py", 30)
    assert saga.effort == EFFORTS["saga"].first + FURTHER_SERVICE


def test_every_group_that_it_writes_has_it_among_its_cuts_and_one_step_pays_for_it() -> None:
    found = judged(transaction("orders.D", "orders.E", "users.A", "payments.G"))

    effort = EFFORTS["saga"].first + FURTHER_SERVICE
    assert {group.effort for group in found.grouping.groups} == {effort}
    assert [(step.cuts, step.effort) for step in found.plan] == [(1, effort), (0, 0)]
    [blocker] = found.blockers
    assert (blocker.groups, blocker.effort) == (["orders", "payments", "users"], effort)


def test_a_second_saga_of_the_same_side_costs_less() -> None:
    one = transaction("orders.D", "users.A")
    other = transaction("orders.D", "payments.G", function="orders.services.pay")

    first, second = judged(one, other).cuts
    assert (first.effort, second.effort) == EFFORTS["saga"]


def test_it_is_begun_on_the_side_of_its_function_and_not_where_it_writes_most() -> None:
    written = transaction("users.A", "users.B", "orders.D")

    [saga] = judged(written, functions=(function("orders.services.place"),)).cuts
    assert (saga.source_group, saga.target_group) == ("orders", "users")


def test_one_that_only_calls_another_of_another_side_starts_that_ones_saga() -> None:
    place = transaction("orders.D", "payments.G")
    close = calling("orders.services.place", place, "users.services.close", "users.A")

    found = judged(place, close)
    start, saga = sorted(found.cuts, key=lambda cut: cut.how)
    assert (start.how, start.source_group, start.target_group) == ("event", "users", "orders")
    assert "orders.services.place" in start.why
    assert saga.edge.field == "orders.services.place"
    assert [blocker.file for blocker in found.blockers] == ["orders/services.py"]


def test_one_that_only_calls_another_of_its_own_side_stays_as_it_is() -> None:
    place = transaction("orders.D", "payments.G")
    again = calling("orders.services.place", place, "orders.services.again", "orders.E", "orders.F")

    [saga] = judged(place, again, functions=(function("orders.services.again"),)).cuts
    assert saga.edge.field == "orders.services.place"


def test_one_that_calls_another_and_writes_a_third_side_is_a_saga_over_what_it_writes() -> None:
    place = transaction("orders.D", "orders.E", "payments.G")
    close = calling("orders.services.place", place, "users.services.close", "users.A", "payments.H")

    found = judged(place, close, functions=(function("users.services.close"),))
    [saga] = [cut for cut in found.cuts if cut.edge.field == "users.services.close"]
    assert (saga.how, saga.target_group, saga.further_groups) == ("saga", "payments", [])


def test_a_transaction_of_a_command_asks_each_side_and_blocks_nothing() -> None:
    name = "orders.load.Command.handle"
    written = transaction("orders.D", "orders.E", "users.A", "payments.G", function=name)

    found = judged(written, functions=(function(name, "command"),))
    assert [(cut.how, cut.target_group) for cut in found.cuts] == [
        ("contract call", "payments"),
        ("contract call", "users"),
    ]
    assert found.blockers == []
