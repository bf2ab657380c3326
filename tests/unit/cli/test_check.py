"""`ramet check` finds broken boundaries, also in a project that does not start."""

import json

from tests.unit.cli.conftest import Ramet
from tests.unit.placement.project import Project


def test_a_clean_project_exits_with_0(project: Project, ramet: Ramet) -> None:
    """And says what was checked."""
    run = ramet("check")
    assert (run.returncode, run.stdout, run.stderr) == (
        0,
        "3 services: 0 errors, 0 warnings.\n",
        "",
    )


def test_a_broken_boundary_exits_with_1(project: Project, ramet: Ramet) -> None:
    """Told once, although the source and Django's check both show it."""
    project.write("small/payments/tasks.py", "from small.orders.models import Order\n")
    run = ramet("check")
    assert (run.returncode, run.stdout) == (
        1,
        "small/payments/tasks.py:1: ramet.E002 (error)\n"
        "  found   payments imports small.orders.models.Order of orders.\n"
        "  remedy  Import only contract and events of orders: call an operation of its contract, "
        "or subscribe to one of its events.\n"
        "\n"
        "3 services: 1 errors, 0 warnings.\n",
    )


def test_findings_can_be_had_as_json(project: Project, ramet: Ramet) -> None:
    """For another program; a warning alone is no failure."""
    project.replace("ramet.toml", ', "django.contrib.admin"', "")
    run = ramet("check", "--json")
    assert run.returncode == 0
    assert [finding["id"] for finding in json.loads(run.stdout)] == ["ramet.W001", "ramet.W001"]


def test_boundaries_are_checked_in_a_project_that_does_not_start(
    project: Project, ramet: Ramet
) -> None:
    """The import across a boundary may be the reason."""
    project.write("small/payments/models.py", "from small.orders.models import Nothing\n")
    run = ramet("check")
    assert run.returncode == 2
    assert run.stdout.startswith("small/payments/models.py:1: ramet.E002 (error)\n")
    assert run.stderr.startswith("manage.py ramet_check: project-does-not-start\n")
    assert "ImportError: cannot import name 'Nothing' from 'small.orders.models'" in run.stderr


def test_json_stays_json_where_the_project_does_not_start(project: Project, ramet: Ramet) -> None:
    """What the source shows, and why the project could not be asked."""
    project.write("small/payments/models.py", "from small.orders.models import Nothing\n")
    run = ramet("check", "--json")
    assert run.returncode == 2
    broken, reason = json.loads(run.stdout)
    assert broken["id"] == "ramet.E002"
    assert (reason["id"], reason["level"]) == ("project-does-not-start", 50)
    assert "cannot import name 'Nothing'" in reason["message"]


def test_json_stays_json_where_ramet_toml_is_wrong(project: Project, ramet: Ramet) -> None:
    """A program that reads it need not read standard error."""
    project.replace("ramet.toml", 'issuer = "users"', 'issuer = "user"')
    run = ramet("check", "--json")
    assert run.returncode == 2
    assert json.loads(run.stdout) == [
        {
            "id": "unknown-issuer",
            "level": 50,
            "where": "ramet.toml:14",
            "message": '"user", which is no service; expected one of users, orders, payments, '
            "or the URL of a foreign issuer",
            "hint": 'Did you mean "users"?',
        }
    ]


def test_a_project_without_manage_py_is_told_so(project: Project, ramet: Ramet) -> None:
    """The whole text."""
    (project.folder / "manage.py").unlink()
    assert ramet("check").stderr == (
        f"{project.folder}: no-manage-py\n"
        "  found     no manage.py beside ramet.toml\n"
        "  expected  Django's manage.py in the folder of ramet.toml\n"
        "  remedy    Move ramet.toml beside manage.py, or create it as django-admin does.\n"
    )


def test_every_mistake_of_a_saga_that_does_not_load_is_told(project: Project, ramet: Ramet) -> None:
    """In `manage.py` alone too, and without the way through Django that led there."""
    steps = "".join(
        f'    @ramet.step(undo="take_back_{n}", timeout="5x")\n    def do_{n}(self): ...\n'
        for n in range(6)
    )
    project.write(
        "small/orders/sagas.py", f"import ramet\nclass Six(ramet.Saga, version=1):\n{steps}"
    )
    run = ramet("check")
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert run.stderr.count("saga-unknown-undo") == 6
    assert run.stderr.count("saga-timeout") == 6

    alone = project.run("manage.py", "check")
    assert alone.returncode == 1
    assert "Traceback" not in alone.stderr
    assert alone.stderr.count("saga-unknown-undo") == 6
