"""`ramet assess` on folders with something bad in them: an end, a report, and the reason in it."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ramet.cli import main


class Run(NamedTuple):
    """Exit code, both outputs, and what was written: the JSON ({}: none) and the page."""

    code: int
    out: str
    err: str
    report: dict[str, Any]
    page: str


Assess = Callable[..., Run]

SHOP = {
    "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")\n',
    "config/__init__.py": "",
    "config/settings.py": 'INSTALLED_APPS = ["people", "orders"]\n',
    "people/__init__.py": "",
    "people/models.py": (
        "from django.db import models\n\n\nclass Person(models.Model):\n    pass\n"
    ),
    "orders/__init__.py": "",
    "orders/models.py": (
        "from django.db import models\n\nfrom people.models import Person\n\n\n"
        "class Order(models.Model):\n"
        "    customer = models.ForeignKey(Person, models.PROTECT)\n"
    ),
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small project."""
    for name, content in SHOP.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "shop"


@pytest.fixture
def assess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Assess:
    """`assess(folder, "--git")` runs the command with a report and JSON."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)

    def run(root: Path, *options: str) -> Run:
        written, page = tmp_path / "report.json", tmp_path / "report.html"
        code = main(["assess", str(root), "--json", str(written), "--report", str(page), *options])
        told = capsys.readouterr()
        report = json.loads(written.read_bytes()) if written.exists() else {}
        return Run(code, told.out, told.err, report, page.read_text() if page.exists() else "")

    return run


def assert_rest_was_assessed(run: Run) -> None:
    assert run.code == 0, run.err
    assert {"people.Person", "orders.Order"} <= {m["label"] for m in run.report["models"]}
    relations = {(e["source"], e["field"], e["target"]) for e in run.report["edges"]}
    assert ("orders.Order", "customer", "people.Person") in relations
    assert run.report["verdict"]["sentence"]


def gaps(run: Run, file: str) -> list[dict[str, Any]]:
    return [gap for gap in run.report["gaps"] if gap["file"] == file]


def test_no_django_project_is_wrong_usage_and_writes_nothing(
    assess: Assess, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    run = assess(tmp_path / "empty")
    assert run.code == 2
    assert "no-django-project" in run.err
    assert "manage.py" in run.err
    assert "Traceback" not in run.err
    assert (run.report, run.page) == ({}, "")


def test_no_such_folder_is_wrong_usage(assess: Assess, tmp_path: Path) -> None:
    run = assess(tmp_path / "nowhere")
    assert run.code == 2
    assert "nowhere" in run.err


def test_a_file_that_cannot_be_parsed_is_in_the_report_and_the_summary(
    assess: Assess, shop: Path
) -> None:
    (shop / "orders/broken.py").write_text("x = 1\nclass Broken(:\n")
    run = assess(shop)
    assert_rest_was_assessed(run)
    [gap] = gaps(run, "orders/broken.py")
    assert (gap["kind"], gap["line"]) == ("syntax-error", 2)
    assert "could not be seen" in run.out


def test_two_settings_modules_are_told_and_one_is_chosen_by_name(
    assess: Assess, shop: Path
) -> None:
    (shop / "manage.py").write_text("")
    (shop / "config/live.py").write_text('INSTALLED_APPS = ["people", "orders"]\n')
    run = assess(shop)
    assert_rest_was_assessed(run)
    assert [gap for gap in run.report["gaps"] if "settings" in gap["kind"]]
    assert set(run.report["project"]["settings"]) == {"config.settings", "config.live"}
    chosen = assess(shop, "--settings", "config.live")
    assert chosen.report["project"]["settings"][0] == "config.live"
    assert [gap for gap in chosen.report["gaps"] if "settings" in gap["kind"]] == []


def test_a_settings_module_that_is_not_there_is_refused(assess: Assess, shop: Path) -> None:
    run = assess(shop, "--settings", "config.nowhere")
    assert run.code == 2
    assert "config.nowhere" in run.err


def test_links_pipes_sizes_and_encodings_are_told_together(assess: Assess, shop: Path) -> None:
    (shop / "orders/again").symlink_to(shop)
    (shop / "orders/gone.py").symlink_to("nowhere.py")
    os.mkfifo(shop / "orders/pipe.py")
    (shop / "orders/table.py").write_text("ROWS = [\n" + "    (1, 2, 3),\n" * 350_000 + "]\n")
    (shop / "orders/text.py").write_bytes("# caf\xe9\n".encode("latin-1"))
    (shop / "orders" / os.fsdecode(b"caf\xe9.py")).write_text("x = 1\n")
    run = assess(shop)
    assert_rest_was_assessed(run)
    told = {gap["file"] for gap in run.report["gaps"]}
    assert told == {
        "orders/again",
        "orders/gone.py",
        "orders/pipe.py",
        "orders/table.py",
        "orders/text.py",
        "orders/caf\\xe9.py",
    }


def test_without_git_the_history_is_told_to_be_missing(
    assess: Assess, shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    run = assess(shop, "--git")
    assert_rest_was_assessed(run)
    assert [gap for gap in run.report["gaps"] if "git" in gap["found"] + gap["why"]]


def test_a_machine_that_has_no_git_is_told_too(
    assess: Assess, shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "--quiet", str(shop)], check=True)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    run = assess(shop, "--git")
    assert_rest_was_assessed(run)
    assert [gap for gap in run.report["gaps"] if "git" in gap["found"] + gap["why"]]


def test_a_history_without_a_commit_is_no_trouble(assess: Assess, shop: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(shop)], check=True)
    assert_rest_was_assessed(assess(shop, "--git"))


def test_a_project_that_does_not_start_is_refused_with_its_own_words(
    assess: Assess, shop: Path
) -> None:
    (shop / "people/models.py").write_text(SHOP["people/models.py"] + "\n1 / 0\n")
    run = assess(shop, "--registry")
    assert run.code == 2
    assert "ZeroDivisionError" in run.err
    assert "Traceback" not in run.err.splitlines()[0]


def test_a_virtual_environment_that_is_none_is_refused(
    assess: Assess, shop: Path, tmp_path: Path
) -> None:
    run = assess(shop, "--venv", str(tmp_path / "nowhere"))
    assert run.code == 2
    assert "nowhere: not-an-environment" in run.err


def test_a_folder_of_the_path_that_is_none_is_refused(
    assess: Assess, shop: Path, tmp_path: Path
) -> None:
    run = assess(shop, "--pythonpath", str(tmp_path), "--pythonpath", str(shop / "manage.py"))
    assert run.code == 2
    assert "manage.py: not-a-folder" in run.err


def test_settings_beside_the_project_start_it_too(
    assess: Assess, shop: Path, tmp_path: Path
) -> None:
    (shop / "config/settings.py").write_text("INSTALLED_APPS = []\n")
    (tmp_path / "deployed").mkdir()
    (tmp_path / "deployed/ours.py").write_text(
        'INSTALLED_APPS = ["people", "orders"]\nSECRET_KEY = "x"\n'
    )
    run = assess(
        *(shop, "--settings", "ours", "--pythonpath", str(tmp_path / "deployed"), "--registry")
    )
    assert_rest_was_assessed(run)
    assert {model["known"] for model in run.report["models"]} == {"both"}


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"version": 99}'])
def test_an_earlier_report_that_is_none_is_refused(
    assess: Assess, shop: Path, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "old.json").write_bytes(content)
    run = assess(shop, "--compare", str(tmp_path / "old.json"))
    assert run.code == 2
    assert "old.json" in run.err


def test_a_broken_cache_costs_time_alone(assess: Assess, shop: Path, tmp_path: Path) -> None:
    first = assess(shop)
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[:100] + b"\0garbage")
    assert assess(shop).report == first.report


def test_names_with_markup_in_them_stay_text_on_the_page(assess: Assess, shop: Path) -> None:
    folder = shop / "orders/<script>alert(1)<"
    (folder / "script>").mkdir(parents=True)
    (folder / "script>" / "broken.py").write_text("class <img src=x onerror=alert(1)>:\n")
    run = assess(shop)
    assert_rest_was_assessed(run)
    assert "<script>alert(1)" not in run.page
    assert "<img src=x" not in run.page


def test_strings_that_are_no_text_end_nothing(assess: Assess, shop: Path) -> None:
    (shop / "orders/models.py").write_text(
        SHOP["orders/models.py"].replace("PROTECT)", 'PROTECT, verbose_name="\\ud800")')
        + '    note = models.ForeignKey("\\ud800.X", models.CASCADE)\n'
        + "\n\ndef find():\n"
        + '    Order.objects.raw("SELECT \\udfff FROM people_person")\n'
        + '    Order.objects.filter(**{"\\ud800__name": "\\ud800"})\n'
    )
    assert_rest_was_assessed(assess(shop))


def test_a_folder_of_models_and_nothing_else_is_assessed(assess: Assess, tmp_path: Path) -> None:
    folder = tmp_path / "lonely"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "models.py").write_text(SHOP["people/models.py"])
    run = assess(folder)
    assert run.code == 0, run.err
    assert [model["label"] for model in run.report["models"]] == ["lonely.Person"]
    assert run.report["verdict"]["choice"] == "keep"


def test_a_project_without_any_model_is_kept_as_it_is(assess: Assess, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "manage.py").write_text(
        'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n'
    )
    (folder / "settings.py").write_text("INSTALLED_APPS = []\n")
    run = assess(folder)
    assert run.code == 0, run.err
    assert (run.report["models"], run.report["groups"]) == ([], [])
    assert run.report["verdict"]["choice"] == "keep"
    assert "NaN" not in run.page
