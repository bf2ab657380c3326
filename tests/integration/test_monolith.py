"""The monolith of examples/: a working shop that owes nothing to Ramet, and what is made of it."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.cli import main

MONOLITH = Path(__file__).resolve().parents[2] / "examples" / "monolith"


@pytest.fixture
def manage(tmp_path: Path) -> Callable[..., str]:
    """`manage("test")` runs manage.py in a copy; what it printed."""
    folder = tmp_path / "monolith"
    shutil.copytree(MONOLITH, folder, ignore=shutil.ignore_patterns("*.sqlite3*", "__pycache__"))
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "RAMET_"))}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=folder,
            env=clean,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_its_own_tests_buy_and_cancel(manage: Callable[..., str]) -> None:
    told = manage("test")
    assert "OK" in told
    assert "Ran 12 tests" in told


def test_assess_finds_the_services_that_the_shop_has(tmp_path: Path) -> None:
    written = tmp_path / "report.json"
    assert main(["assess", str(MONOLITH), "--no-cache", "--json", str(written)]) == 0
    report = json.loads(written.read_bytes())
    groups = {group["name"]: set(group["models"]) for group in report["groups"]}
    models = {model["label"] for model in report["models"] if model["is_own"]}
    assert set(groups) == {"users", "products", "orders", "payments"}
    for name, grouped in groups.items():
        # A note may be about anything, so any of them may keep it.
        assert grouped - {"core.Note"} == {
            label for label in models if label.startswith(f"{name}.")
        }
    assert all(group["is_recommended"] for group in report["groups"])
    assert report["agreement"] == 1
    assert report["gaps"] == []
    cut = {(cut["edge"]["kind"], cut["edge"]["file"]) for cut in report["cuts"]}
    assert {("raw_sql", "products/bestsellers.py"), ("raw_sql", "orders/reports.py")} <= cut
    assert ("task", "orders/services.py") in cut
    # What has no models of a group is told apart: the bases of all, and the pages in front.
    [library] = [reason for reason in report["verdict"]["reasons"] if "ibrar" in reason]
    assert "core" in library
    [front] = [reason for reason in report["verdict"]["reasons"] if "in front" in reason]
    assert "storefront" in front
    assert "orders.services.place" in {atomic["function"] for atomic in report["atomics"]}


def test_its_migrations_are_those_of_its_models(manage: Callable[..., str]) -> None:
    assert "No changes detected" in manage("makemigrations", "--check", "--dry-run")


def test_it_knows_nothing_of_ramet() -> None:
    imported = set()
    for path in MONOLITH.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    own = {path.name for path in MONOLITH.iterdir()}
    known = {"django", "rest_framework", "celery"}
    assert imported - own - known - sys.stdlib_module_names == set()
