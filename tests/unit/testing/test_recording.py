"""The recorder, in a project's own test runs: by pytest, and by Django's runner."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ramet.testing.statements import tables_of
from tests.assess.small_project import SMALL

PRODUCT, ORDER, BOOK = "goods.Product", "sales.Order", "goods.Book"


@pytest.fixture(scope="module", params=["pytest", "django"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The transactions of the small project's tests, by the test's bare name."""
    folder = tmp_path_factory.mktemp("recorded")
    project = Path(shutil.copytree(SMALL, folder / "small"))
    file = folder / "trace.jsonl"
    done = run(project, *(by_pytest(file) if request.param == "pytest" else by_django(file)))
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for line in file.read_text().splitlines():
        said = json.loads(line)
        found.setdefault(said["test"].replace("::", ".").rpartition(".")[2], []).append(said)
    return found


def by_pytest(file: Path) -> list[str]:
    base = ["-m", "pytest", "-q", "--rootdir=.", "-c", os.devnull, "-p", "no:cacheprovider"]
    return [*base, "--ds=small.settings", f"--ramet-trace={file}", "sales/tests.py"]


def by_django(file: Path) -> list[str]:
    runner = "ramet.testing.traced_runner.TracedRunner"
    return ["manage.py", "test", "--testrunner", runner, "--trace", str(file), "sales"]


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=project,
        env={**env, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def only(recorded: Any, test: str) -> dict[str, Any]:
    (found,) = recorded[test]
    return dict(found)


def test_a_request_is_known_by_its_route_and_view(recorded: Any) -> None:
    found = only(recorded, "test_by_request")
    assert found["request"] == "GET /sales/<int:product>/"
    assert found["view"] == "sales.views.place_order"
    assert found["reads"] == [PRODUCT]
    assert found["writes"] == [PRODUCT, ORDER]


def test_a_transaction_is_told_with_the_line_that_begins_it(recorded: Any) -> None:
    placed, cancelled = sorted(recorded["test_by_call"], key=lambda each: each["line"])
    assert (placed["file"], placed["line"], placed["is_direct"]) == ("sales/services.py", 9, True)
    assert (cancelled["file"], cancelled["line"]) == ("sales/services.py", 16)


def test_blocks_within_a_transaction_are_part_of_it(recorded: Any) -> None:
    _, cancelled = sorted(recorded["test_by_call"], key=lambda each: each["line"])
    assert cancelled["writes"] == [PRODUCT, ORDER]


def test_a_transaction_that_is_rolled_back_says_so(recorded: Any) -> None:
    found = only(recorded, "test_rolled_back")
    assert (found["is_committed"], found["writes"]) == (False, [ORDER])


def test_what_django_writes_together_by_itself_is_told_apart(recorded: Any) -> None:
    found = only(recorded, "test_of_djangos")
    assert (found["writes"], found["is_atomic"]) == ([BOOK, PRODUCT], True)
    assert (found["file"], found["is_direct"]) == ("sales/tests.py", False)
    assert only(recorded, "test_of_its_own")["is_direct"] is True


def test_the_transaction_of_a_test_case_and_its_data_do_not_count(recorded: Any) -> None:
    lines = [each for found in recorded.values() for each in found]
    assert len(lines) == 6
    assert all("site-packages" not in each["file"] for each in lines)


def test_pytest_without_django_settings_is_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    base = ["-m", "pytest", "-q", "--rootdir=.", "-c", os.devnull, "-p", "no:django"]
    done = run(tmp_path, *base, f"--ramet-trace={tmp_path / 'trace'}", "test_it.py")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--ramet-trace: found no Django settings" in done.stdout + done.stderr


def test_djangos_runner_refuses_to_record_several_processes(tmp_path: Path) -> None:
    done = run(SMALL, *by_django(tmp_path / "trace"), "--parallel", "2")
    assert "--trace: found --parallel 2" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("sql", "reads", "writes"),
    [
        ('SELECT "a"."id" FROM "a" INNER JOIN "b" ON ("a"."b_id" = "b"."id")', "ab", ""),
        ('SELECT "a"."id" FROM "a", "b" WHERE "a"."x" = \'FROM "c"\'', "ab", ""),
        ('INSERT INTO "a" ("x") VALUES (%s) RETURNING "a"."id"', "", "a"),
        (
            'INSERT INTO "a" ("x") SELECT "b"."x" FROM "b" ON CONFLICT DO UPDATE SET "x" = 1',
            "b",
            "a",
        ),
        ('UPDATE "a" SET "x" = 1 WHERE "a"."id" IN (SELECT U0."id" FROM "b" U0)', "b", "a"),
        ('DELETE FROM "a" WHERE "a"."id" IN (SELECT "b"."a_id" FROM "b")', "b", "a"),
        ("DELETE FROM `a` WHERE `a`.`id` = 1", "", "a"),
        ("SELECT [a].[id] FROM [dbo].[a]", "a", ""),
        ('WITH "c" AS (SELECT 1 FROM "a") UPDATE ONLY "b" SET "x" = 1 FROM "c"', "ac", "b"),
        ('SELECT 1 FROM "public"."a" WHERE "a"."x" = 1 FOR UPDATE OF "a"', "a", ""),
        ('TRUNCATE "a", "b" CASCADE', "", "ab"),
        ("select 1 from a -- from b\njoin c on true", "ac", ""),
    ],
)
def test_the_tables_of_a_statement(sql: str, reads: str, writes: str) -> None:
    tables = set("abc")
    found = tables_of(sql)
    assert (found[0] & tables, found[1] & tables) == (set(reads), set(writes))
