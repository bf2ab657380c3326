"""What an operator switches, and what code may call, reach Envoy together."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ramet.errors import DiagnosticError
from ramet.system import Gateway as Edge
from ramet.system import Group, Infrastructure, Policy, Service, System
from ramet.system.least_privilege import Grant
from ramet.tools.local import switchboard
from ramet.tools.local.envoy import Gateway
from ramet.tools.local.plan import Plan
from ramet.tools.local.switchboard import Switchboard

OLD = Grant("products", "shop.products.v1.Products", "orders", "old.py:1")
NEW = Grant("products", "shop.products.v1.Products", "payments", "new.py:1")


class Written:
    """The board of two services, and what it told Envoy each time."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.sockets = {"orders": [Path("1")], "payments": [Path("1"), Path("2")]}
        names = ("orders", "payments")
        system = System(
            name="t",
            settings="t.settings",
            services={name: Service(name, apps=(f"t.{name}",), routes=()) for name in names},
            gateway=Edge(),
            infrastructure=Infrastructure(),
            path=Path("ramet.toml"),
        )
        envoy = Gateway((), Path("admin"), lambda *told: self.told.append(told))
        plan = Plan(system, tuple(Group((name,), name) for name in names), "services", envoy)
        self.board = Switchboard(plan, lambda: self.sockets, lambda: None)


@pytest.fixture
def written() -> Written:
    return Written()


def test_only_groups_of_several_processes_are_told(written: Written) -> None:
    written.board.write()
    assert written.told[-1][0] == {"payments": [Path("1"), Path("2")]}


def test_maintenance_of_all_ends_for_one(written: Written) -> None:
    written.board.maintain(None, on=True)
    written.board.maintain("orders", on=False)
    assert [each[2].maintenance for each in written.told] == [{"orders", "payments"}, {"payments"}]


@pytest.mark.parametrize(
    ("switch", "reference"),
    [
        (lambda board: board.maintain("nobody", on=True), "unknown-service"),
        (lambda board: board.weigh("orders", 10), "no-canary"),
    ],
)
def test_what_cannot_be_switched_tells_envoy_nothing(
    written: Written, switch: Any, reference: str
) -> None:
    with pytest.raises(DiagnosticError, match=reference):
        switch(written.board)
    assert written.told == []


def test_old_rights_last_until_the_new_code_runs(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [Policy(frozenset({OLD})), Policy(frozenset({NEW}))]
    monkeypatch.setattr(switchboard, "policy", lambda system: shown.pop(0))
    asyncio.run(written.board.read_policy())
    asyncio.run(written.board.read_policy())
    assert written.told[-1][1] == Policy(frozenset({OLD, NEW})), "both run side by side"
    written.board.narrow_policy(["payments"])
    assert OLD in written.told[-1][1].grants, "the code of orders goes on"
    written.board.narrow_policy(["orders", "payments"])
    assert written.told[-1][1] == Policy(frozenset({NEW}))
