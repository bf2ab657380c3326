"""Who may call whom follows from the code, and from nothing else."""

from pathlib import Path

import pytest

from ramet.system import Policy, policy
from ramet.system.least_privilege import Grant
from tests.unit.placement.project import Project

CONTRACT = """
import ramet

class Line(ramet.Value):
    sku: str

class Payments(ramet.Contract, version=1):
    ...

class PaymentsV2(ramet.Contract, version=2, name="Payments"):
    ...
"""
V1, V2 = "small.payments.v1.Payments", "small.payments.v2.Payments"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The small project, in which payments offers two versions of a contract."""
    project = Project(tmp_path / "p")
    project.write("small/payments/contract.py", CONTRACT)
    return project


def rights(project: Project) -> list[tuple[str, str, str]]:
    """Caller, callee and contract of each right."""
    found = {(each.caller, each.callee, each.contract) for each in policy(project.system).grants}
    return sorted(found)


@pytest.mark.parametrize(
    ("code", "contracts"),
    [
        ("from small.payments.contract import Payments", [V1]),
        ("from small.payments.contract import PaymentsV2 as Payments", [V2]),
        ("from small.payments import contract\nx = contract.Payments", [V1]),
        ("import small.payments.contract\nx = small.payments.contract.PaymentsV2.void", [V2]),
        ("from ..payments.contract import Payments", [V1]),
        ("def f():\n    from small.payments.contract import Payments", [V1]),
        ("from small.payments.contract import *", [V1, V2]),
        ("from django.utils.module_loading import import_string\n"
         "import_string('small.payments.contract.Payments')", [V1]),
        ("from small.payments.contract import Line", []),
        ("from small.payments import contract", []),
        ("from small.payments.models import Payments", []),
    ],
)  # fmt: skip
def test_importing_a_contract_gives_the_right_to_it(
    project: Project, code: str, contracts: list[str]
) -> None:
    """To that version alone, and whatever way it is imported."""
    project.write("small/orders/sagas.py", code)
    assert rights(project) == [("orders", "payments", each) for each in contracts]


@pytest.mark.parametrize(
    "code",
    [
        "import ramet\nramet.fetch('payments', '/payments/')",
        "import ramet as r\nr.fetch('payments', f'/payments/{1}')",
        "from ramet import fetch\nfetch('payments', '/')",
        "from ramet.calls import fetch as ask\nask('payments', '/')",
    ],
)
def test_a_literal_name_gives_the_right_to_public_routes(project: Project, code: str) -> None:
    """And to no operation."""
    project.write("small/orders/views.py", code)
    assert rights(project) == [("orders", "payments", "")]
    assert policy(project.system).visitors("payments") == ("orders",)
    assert policy(project.system).callers("payments") == {}


@pytest.mark.parametrize(
    "code",
    [
        "import ramet\nname = 'payments'\nramet.fetch(name, '/')",
        "import ramet\nramet.fetch('orders', '/')",
        "import ramet\nramet.fetch('nobody', '/')",
        "import other\nother.fetch('payments', '/')",
        "fetch = print\nfetch('payments', '/')",
    ],
)
def test_nothing_else_gives_a_right(project: Project, code: str) -> None:
    """A name that is known only when the code runs is none."""
    project.write("small/orders/views.py", code)
    assert rights(project) == []


def test_tests_and_shared_code_give_no_right(project: Project) -> None:
    """They are in every process."""
    code = "from small.payments.contract import Payments\n"
    project.write("small/orders/tests/test_a.py", code)
    project.write("small/shared.py", code)
    assert rights(project) == []


def test_a_right_says_where_it_comes_from(project: Project) -> None:
    """The first place in the order of paths."""
    code = "\nfrom small.payments.contract import Payments\n"
    project.write("small/orders/sagas.py", code)
    project.write("small/orders/calls.py", code)
    found = policy(project.system)
    assert found.reason("orders", "payments", V1) == "small/orders/calls.py:2"
    assert found.reason("users", "payments", V1) is None
    assert found.callees("orders") == ("payments",)


def test_the_union_of_two_policies_holds_the_rights_of_both() -> None:
    """Old and new code side by side."""
    old = Policy(frozenset({Grant("a", "x", "b", "b.py:1")}))
    new = Policy(frozenset({Grant("a", "x", "c", "c.py:1"), Grant("a", "", "b", "b.py:2")}))
    assert (old | new).callers("a") == {"x": ("b", "c")}
    assert (old | new).visitors("a") == ("b",)


def test_a_program_that_is_not_django_may_call_whom_it_names(project: Project) -> None:
    toml = project.folder / "ramet.toml"
    program = '[services.shipping]\ncommand = ["node", "server.mjs"]\ncalls = ["payments"]\n'
    toml.write_text(f"{toml.read_text()}\n{program}")

    shown = [right for right in rights(project) if right[0] == "shipping"]

    assert shown == [("shipping", "payments", contract) for contract in ("", V1, V2)]
    assert policy(project.system).reason("shipping", "payments") == "ramet.toml, calls of shipping"


def test_rights_are_taken_apart_by_caller() -> None:
    mine, yours = Grant("a", "", "b", "x:1"), Grant("b", "b.v1.B", "a", "y:1")
    both = Policy(frozenset({mine, yours}))

    assert both.only({"b"}) == Policy(frozenset({mine}))
    assert both.without({"b"}) == Policy(frozenset({yours}))
