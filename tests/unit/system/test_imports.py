"""Imports across services are found in the source, whatever way they are written."""

from pathlib import Path

import pytest

from ramet.system.imports import explained, imports, uses
from tests.unit.placement.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The small project, in which payments offers a contract and events."""
    project = Project(tmp_path / "p")
    project.write("small/payments/contract.py", "class Payments: ...\nclass Declined: ...\n")
    project.write("small/payments/events.py", "class Paid: ...\n")
    return project


def violations(project: Project) -> list[tuple[str, str]]:
    """Where, and what."""
    return [(one.where, one.target) for one in imports(project.system) if not one.is_allowed]


@pytest.mark.parametrize(
    ("code", "target"),
    [
        ("import small.payments.models", "small.payments.models"),
        ("import small.payments.models as m", "small.payments.models"),
        ("import small.payments", "small.payments"),
        ("from small.payments import models", "small.payments.models"),
        ("from small.payments.models import Payment", "small.payments.models.Payment"),
        ("from small.payments.models import *", "small.payments.models"),
        ("from ..payments.models import Payment", "small.payments.models.Payment"),
        ("from ..payments import models", "small.payments.models"),
        ("def f():\n    from small.payments import models", "small.payments.models"),
        ("import importlib\nimportlib.import_module('small.payments.x')", "small.payments.x"),
        ("from django.contrib.auth.models import User", "django.contrib.auth.models.User"),
        ("from django.contrib.auth import get_user_model", "django.contrib.auth.get_user_model"),
    ],
)
def test_an_import_of_another_services_inside_is_a_violation(
    project: Project, code: str, target: str
) -> None:
    """With the line of the import itself."""
    project.write("small/orders/services.py", f"# one\n{code}\n")
    line = 2 + code.count("\n")
    assert violations(project) == [(f"small/orders/services.py:{line}", target)]


@pytest.mark.parametrize(
    "code",
    [
        "from small.payments.contract import Payments",
        "from small.payments import contract, events",
        "import small.payments.contract",
        "from ..payments.events import Paid",
        "from . import models",
        "from small.orders.models import Order",
        "from small import settings",
        "from django.contrib.auth.hashers import make_password",
        "from django.contrib.sessions.models import Session",
        "import small.paymentsgate",
    ],
)
def test_contract_events_shared_code_and_ones_own_are_no_violation(
    project: Project, code: str
) -> None:
    """Whatever way they are written."""
    project.write("small/orders/services.py", code)
    assert violations(project) == []


def test_tests_may_look_into_everything(project: Project) -> None:
    """They run where everything is."""
    for path in ("tests/test_a.py", "tests/factory.py", "test_b.py", "conftest.py", "tests.py"):
        project.write(f"small/orders/{path}", "from small.payments import models\n")
    assert violations(project) == []


def test_an_open_module_must_not_lean_on_its_own_app(project: Project) -> None:
    """A caller imports the contract in a process where the app's models do not exist."""
    project.write("small/payments/contract.py", "from small.payments.models import Payment\n")
    (found,) = [one for one in imports(project.system) if not one.is_allowed]
    assert explained(found)[:2] == (
        "ramet.E004",
        "A module that other services import takes small.payments.models.Payment "
        "from inside its own app.",
    )


def test_what_a_service_uses_follows_from_its_imports(project: Project) -> None:
    """By name, also through an imported module."""
    project.write(
        "small/orders/sagas.py",
        "from small.payments import contract\n"
        "from small.payments.events import Paid as P\n"
        "x = contract.Payments.authorise, contract.Declined\n",
    )
    assert uses(project.system) == {
        "users": {},
        "orders": {"payments": {"contract": ["Declined", "Payments"], "events": ["Paid"]}},
        "payments": {},
    }


def test_a_file_with_a_syntax_error_is_left_to_python(project: Project) -> None:
    """Its own message is the better one."""
    project.write("small/orders/broken.py", "from small.payments import (\n")
    assert violations(project) == []
