"""`ramet check` holds the baseline of what crosses boundaries, where one is committed."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Ramet
from tests.unit.placement.project import Project

MODELS = """\
from django.db import models


class Order(models.Model):
    number = models.IntegerField()
"""
BASELINE = {"version": 1, "boundaries": {}}


@pytest.fixture
def held(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The small project with a model of orders, and a baseline that allows nothing to cross."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    project.write("small/orders/models.py", MODELS)
    project.write("ramet.assess.json", json.dumps(BASELINE))
    return project


def test_a_crossing_that_the_baseline_does_not_know_is_an_error(
    held: Project, ramet: Ramet
) -> None:
    """With its place, and what is allowed."""
    held.write(
        "small/payments/models.py",
        "from django.db import models\n\n\nclass Payment(models.Model):\n"
        '    order = models.ForeignKey("orders.Order", models.CASCADE)\n',
    )
    run = ramet("check")
    assert run.returncode == 1, run
    assert run.stdout.startswith(
        "small/payments/models.py:5: boundary-got-worse (error)\n"
        "  found   fk of payments.Payment to orders.Order crosses payments -> orders"
        " (1; ramet.assess.json allows 0).\n"
    )


def test_what_the_baseline_allows_is_none(held: Project, ramet: Ramet) -> None:
    """And what is gone of it is a warning."""
    allowed = {"payments -> orders": {"fk payments.Payment.order orders.Order": 1}}
    held.write("ramet.assess.json", json.dumps(BASELINE | {"boundaries": allowed}))
    run = ramet("check")
    assert run.returncode == 0, run
    assert "ramet.assess.json: baseline-is-loose (warning)" in run.stdout


def test_a_baseline_that_is_none_is_wrong_configuration(held: Project, ramet: Ramet) -> None:
    """Not a boundary that got worse."""
    held.write("ramet.assess.json", "{")
    run = ramet("check")
    assert run.returncode == 2
    assert "ramet.assess.json: not-a-baseline" in run.stderr


TAKING = "from small.payments.tasks import collect\n"


def test_imports_that_the_baseline_has_are_warnings_and_more_of_them_errors(
    held: Project, ramet: Ramet
) -> None:
    """As `ramet assess --baseline` writes it: by file and what is imported, whatever the line."""
    held.write("small/payments/tasks.py", "def collect():\n    pass\n")
    held.write("small/orders/billing.py", TAKING)
    assert ramet("check").returncode == 1
    assert ramet("assess", ".", "--baseline").returncode == 0
    allowed = json.loads((held.folder / "ramet.assess.json").read_bytes())["imports"]
    found = "small/orders/billing.py small.payments.tasks.collect"
    assert allowed == {"orders -> payments": {found: 1}}

    held.write("small/orders/billing.py", "\n\n" + TAKING)
    run = ramet("check")
    assert run.returncode == 0, run
    assert "small/orders/billing.py:3: ramet.E002 (warning)" in run.stdout
    assert "baseline-is-loose" not in run.stdout

    held.write("small/orders/invoices.py", TAKING)
    held.write("small/orders/billing.py", TAKING + TAKING)
    run = ramet("check")
    assert run.returncode == 1, run
    assert "small/orders/billing.py:1: ramet.E002 (warning)" in run.stdout
    assert "small/orders/billing.py:2: ramet.E002 (error)" in run.stdout
    assert "small/orders/invoices.py:1: ramet.E002 (error)" in run.stdout

    held.write("small/orders/invoices.py", "")
    held.write("small/orders/billing.py", "")
    run = ramet("check")
    assert run.returncode == 0, run
    assert "1 connection is gone that it allows" in run.stdout


def test_a_monolith_without_ramet_holds_its_boundaries(held: Project, ramet: Ramet) -> None:
    settings = (held.folder / "small/settings.py").read_text()
    held.write(
        "small/settings.py",
        settings.replace("import ramet\n", "").replace("ramet.place(globals())\n", ""),
    )
    held.write("small/orders/models.py", MODELS)
    run = ramet("check")
    assert run.returncode == 0, run
    assert "small.settings: ramet-not-installed (warning)" in run.stdout
    held.write("small/payments/tasks.py", "def collect():\n    pass\n")
    held.write("small/orders/billing.py", TAKING)
    assert ramet("check").returncode == 1
    (held.folder / "ramet.assess.json").unlink()
    run = ramet("check")
    assert run.returncode == 2, run
    assert "small.settings: ramet-not-installed\n" in run.stderr
