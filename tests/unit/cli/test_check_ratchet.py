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
