"""A saved file restarts the services that contain it, and no others."""

import pytest

from .conftest import Pair, wait_for

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def watched(running: Pair) -> Pair:
    """The running system; its watcher starts a moment after it is ready."""
    return running


def test_a_change_restarts_only_the_service_that_contains_it(watched: Pair) -> None:
    before = watched.pids()
    watched.change("pair/left/views.py", '"left one"', '"left two"')

    wait_for(lambda: watched.get("/left/")[1]["greeting"] == "left two", "the new code answers")
    wait_for(lambda: "pair/left/views.py changed" in watched.said(), "it is reported")
    after = watched.pids()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"left-web", "left-worker", "left-celery"}


def test_a_change_of_shared_code_restarts_all_services(watched: Pair) -> None:
    before = watched.pids()
    watched.change("pair/shared.py", "shared one", "shared two")

    for path in ("/left/", "/right/"):
        wait_for(
            lambda path=path: (watched.get(path)[1] or {}).get("shared") == "shared two",
            "the new code answers",
        )
    assert watched.pids()["postgres"] == before["postgres"]


def test_a_syntax_error_is_reported_while_the_old_code_serves(watched: Pair) -> None:
    before = watched.pids()["right-web"]
    watched.change("pair/right/views.py", "GREETING =", "GREETING = = ")

    wait_for(lambda: "SyntaxError" in watched.said(), "the error is reported")
    said = watched.said()
    assert "service-does-not-load" in said
    assert "pair/right/views.py" in said
    assert watched.get("/right/")[1]["pid"] > 0
    assert watched.pids()["right-web"] == before

    watched.change("pair/right/views.py", 'GREETING = =  "right one"', 'GREETING = "right two"')
    wait_for(lambda: watched.get("/right/")[1]["greeting"] == "right two", "the next save is used")


def test_a_new_migration_is_applied_before_the_new_code_serves(watched: Pair) -> None:
    watched.write(
        "pair/right/migrations/0002_more.py",
        "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        "    dependencies = [('right', '0001_initial')]\n"
        "    operations = [migrations.RunSQL(\"INSERT INTO right_heard VALUES (99, 'moved')\")]\n",
    )
    wait_for(lambda: "moved" in watched.get("/right/heard/")[1]["heard"], "it was applied")


def test_a_service_that_does_not_load_keeps_up_from_starting(pair: Pair) -> None:
    pair.change("pair/right/models.py", "from django.db import models", "from django.db import no")
    pair.change("pair/left/views.py", "GREETING =", "GREETING = = ")
    failed = pair.ramet("up", check=False)

    assert failed.returncode == 1
    assert "ImportError: cannot import name 'no' from 'django.db'" in failed.stderr
    assert "SyntaxError" in failed.stderr, "both mistakes are told together"
    assert "pair did not start" in failed.stderr
    assert "ramet/processes" not in failed.stderr, "only the project's own code is shown"
    assert not pair.folder.run.exists()
    assert not pair.folder.state.exists()
