"""`ramet assess`: what it prints, writes and refuses. What it finds is tested where it is found."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ramet.cli import main
from ramet.system import load

SETTINGS = 'INSTALLED_APPS = ["shop.orders", "shop.catalogue"]\n'
MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
MODEL = "class {name}(models.Model):\n    other = models.ForeignKey({to!r}, models.CASCADE)\n\n\n"
APPS = {
    "orders": (("Order", "orders.Line"), ("Line", "orders.Order"), ("Note", "orders.Order")),
    "catalogue": (
        ("Product", "catalogue.Group"),
        ("Group", "catalogue.Product"),
        ("Offer", "catalogue.Product"),
    ),
}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two apps of three models each, with one foreign key from the one to the other."""
    root = tmp_path / "project"
    for app, models in APPS.items():
        folder = root / "shop" / app
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        classes = [MODEL.format(name=name, to=to) for name, to in models]
        (folder / "models.py").write_text("from django.db import models\n\n\n" + "".join(classes))
    add_crossing(root, "Sale")
    (root / "shop" / "__init__.py").touch()
    (root / "shop" / "settings.py").write_text(SETTINGS)
    (root / "manage.py").write_text(MANAGE)
    return root


def add_crossing(root: Path, name: str) -> None:
    with (root / "shop/orders/models.py").open("a") as file:
        file.write(MODEL.format(name=name, to="catalogue.Product"))


@pytest.fixture
def run(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """`ramet assess ARGUMENTS` here: its exit code, standard output and standard error."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main(["assess", *map(str, arguments)])
        sys.stdout.flush()
        written = capfdbinary.readouterr()
        return code, written.out.decode(), written.err.decode()

    return call


def test_the_summary_has_the_verdict_first_and_every_candidate(project: Path, run: Run) -> None:
    """Plain lines, where standard output is no terminal."""
    code, out, err = run(project)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("project: ")
    assert ", 2 apps, 7 models, 7 connections; " in lines[0]
    assert lines[2] in ("Keep the monolith.", "Keep the monolith, draw these boundaries.")
    assert "\x1b" not in out
    table = out.partition("CANDIDATE")[2]
    assert "orders" in table
    assert "catalogue" in table


def test_json_goes_to_a_file_or_alone_to_standard_output(
    project: Path, run: Run, tmp_path: Path
) -> None:
    """The same, and as its schema says."""
    run(project, "--json", tmp_path / "a.json")
    code, out, _ = run(project, "--json", "-")
    assert code == 0
    assert json.loads(out) == json.loads((tmp_path / "a.json").read_bytes())
    _, schema, _ = run("--schema")
    Draft202012Validator(json.loads(schema)).validate(json.loads(out))
    assert {edge["kind"] for edge in json.loads(out)["edges"]} >= {"fk"}


def test_the_report_is_one_file_with_the_source_of_each_cut(
    project: Path, run: Run, tmp_path: Path
) -> None:
    """And the command says where it is."""
    path = tmp_path / "report.html"
    code, out, _ = run(project, "--report", path, "--json", tmp_path / "a.json")
    assert code == 0
    assert f"wrote {path}" in out
    assert path.read_text().startswith("<!doctype html>")
    cuts = json.loads((tmp_path / "a.json").read_bytes())["cuts"]
    assert "models.ForeignKey('catalogue.Product'" in cuts[0]["excerpt"]


def test_a_later_run_tells_what_has_changed(project: Path, run: Run, tmp_path: Path) -> None:
    """With the place of what is new."""
    old = tmp_path / "old.json"
    run(project, "--json", old)
    _, out, _ = run(project, "--compare", old)
    assert "Since last time: 0 changes" in out
    add_crossing(project, "Refund")
    _, out, _ = run(project, "--compare", old)
    assert "worse  New cut: foreign key, orders.Refund.other to catalogue.Product." in out
    assert "shop/orders/models.py:21" in out


def test_what_is_recommended_is_written_and_then_held(project: Path, run: Run) -> None:
    """From the report to boundaries, and to their baseline."""
    code, out, _ = run(project, "--write")
    assert code == 0
    system = load(project / "ramet.toml")
    assert sorted(app for s in system.services.values() for app in s.apps) == [
        "shop.catalogue",
        "shop.orders",
    ]
    text = (project / "ramet.toml").read_text()
    code, out, _ = run(project, "--write", "--baseline")
    assert "says all of it already" in out
    assert (project / "ramet.toml").read_text() == text
    assert "commit it" in out
    assert json.loads((project / "ramet.assess.json").read_text())["version"] == 1


def test_what_ramet_toml_says_is_kept_together(project: Path, run: Run, tmp_path: Path) -> None:
    """Also models of two apps, which nothing would bring together."""
    (project / "ramet.toml").write_text(
        '[system]\nname = "x"\nsettings = "shop.settings"\n[services.sales]\n'
        'apps = ["shop.orders"]\n[candidates.sales]\nmodels = ["catalogue.Offer"]\n'
    )
    run(project, "--json", tmp_path / "a.json")
    groups = json.loads((tmp_path / "a.json").read_bytes())["groups"]
    (sales,) = [group for group in groups if group["name"] == "sales"]
    assert sales["is_pinned"]
    assert set(sales["models"]) == {
        "catalogue.Offer",
        *(f"orders.{name}" for name in ("Order", "Line", "Note", "Sale")),
    }


def test_a_wrong_ramet_toml_is_told_before_anything_is_judged(project: Path, run: Run) -> None:
    """All its mistakes, as everywhere."""
    (project / "ramet.toml").write_text("[services.Sales]\napps = []\n")
    code, out, err = run(project)
    assert (code, out) == (2, "")
    assert "invalid-name" in err


def test_a_baseline_needs_boundaries(project: Path, run: Run) -> None:
    """Which ramet.toml has."""
    code, _, err = run(project, "--baseline")
    assert code == 2
    assert "no-system" in err


def test_nothing_is_written_into_the_project_unless_it_is_asked_for(
    project: Path, run: Run
) -> None:
    """The cache is the user's own, and --no-cache has none."""
    before = sorted(project.rglob("*"))
    run(project)
    assert sorted(project.rglob("*")) == before


def test_a_run_without_a_cache_keeps_nothing(project: Path, run: Run, tmp_path: Path) -> None:
    """Not even for itself."""
    run(project, "--no-cache")
    assert not (tmp_path / "cache").exists()
    run(project)
    assert (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("arguments", "reference"),
    [
        (["nowhere"], "not-a-folder"),
        (["empty"], "no-django-project"),
        (["project", "--report", "no/folder/r.html"], "unwritable-output"),
        (["project", "--json", "empty"], "unwritable-output"),
        (["project", "--compare", "missing.json"], "unreadable-report"),
        (["project", "--compare", "broken.json"], "not-a-report"),
        (["project", "--compare", "newer.json"], "another-version"),
        (["project", "--trace", "missing.json"], "missing.json"),
        (["project", "--settings", "shop.setings"], "shop.settings"),
        (["project", "--venv", "empty"], "not-an-environment"),
    ],
)
def test_what_cannot_be_done_is_told_with_a_remedy(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], reference: str
) -> None:
    """Exit code 2, nothing on standard output, no traceback."""
    monkeypatch.chdir(project.parent)
    Path("empty").mkdir()
    Path("broken.json").write_text("{")
    Path("newer.json").write_text('{"version": 7}')
    code, out, err = run(*arguments)
    assert (code, out) == (2, ""), (out, err)
    assert reference in err
    assert "  remedy " in err


def test_both_outputs_that_cannot_be_written_are_told_together(project: Path, run: Run) -> None:
    """Before anything is read."""
    code, _, err = run(project, "--report", "no/r.html", "--json", "no/j.json")
    assert code == 2
    assert err.count("unwritable-output") == 2


def test_a_terminal_gets_colours_and_no_control_sequence_of_the_project(
    project: Path, run: Run, tmp_path: Path
) -> None:
    """A name may have one."""
    from ramet.tools.assess.report.as_json import read_report
    from ramet.tools.assess.report.terminal import show

    run(project, "--json", tmp_path / "a.json")
    text = (
        (tmp_path / "a.json").read_text().replace('"project"', '"pro\\u001b]0;owned\\u0007ject"', 2)
    )
    (tmp_path / "a.json").write_text(text.replace('"pro\\u001b]0;owned\\u0007ject":', '"project":'))
    report = read_report(tmp_path / "a.json")
    for stream in (Terminal(), io.StringIO()):
        show(report, stream, seconds=0.1)
        assert "CANDIDATE" in stream.getvalue()
        assert "\x1b]0" not in stream.getvalue()
        assert "\x07" not in stream.getvalue()
        assert ("\x1b[1" in stream.getvalue()) == stream.isatty()


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def test_one_file_for_two_outputs_is_refused(project: Path, run: Run, tmp_path: Path) -> None:
    code, _, err = run(project, "--report", tmp_path / "out", "--json", project / "../out")
    assert (code, "same-output" in err) == (2, True)
    assert not (tmp_path / "out").exists()
    assert run(project, "--report", "/dev/null", "--json", "/dev/null")[0] == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_file_without_room_is_told_by_its_name_after_the_verdict(project: Path, run: Run) -> None:
    code, out, err = run(project, "--json", "/dev/full")
    assert code == 2
    assert "CANDIDATE" in out
    assert err.startswith("/dev/full: output-not-written\n")


def test_files_are_written_though_nobody_reads_what_is_printed(
    project: Path, tmp_path: Path
) -> None:
    read, write = os.pipe()
    os.close(read)
    outputs = [tmp_path / "report.html", tmp_path / "found.json"]
    try:
        done = assess_apart(
            tmp_path, project, "--report", outputs[0], "--json", outputs[1], "--write", stdout=write
        )
    finally:
        os.close(write)
    assert done.stderr == ""
    assert all(each.stat().st_size for each in (*outputs, project / "ramet.toml"))


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_streams_that_are_closed_lead_nowhere(
    project: Path, tmp_path: Path, closed: tuple[int, ...]
) -> None:
    out = tmp_path / "out"
    with out.open("w") as file:
        code = subprocess.Popen(
            [*RAMET, "assess", project, "--json", tmp_path / "found.json"],
            env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")},
            stdout=file,
            stderr=file,
            preexec_fn=lambda: [os.close(number) for number in closed],
        ).wait(60)
    assert code == 0
    assert json.loads((tmp_path / "found.json").read_bytes())["version"] == 1
    assert ("CANDIDATE" in out.read_text()) == (1 not in closed)


RAMET = [sys.executable, "-c", "import sys; from ramet.cli import main; sys.exit(main())"]


def assess_apart(folder: Path, *arguments: object, stdout: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RAMET, "assess", *map(str, arguments)],
        env=os.environ | {"XDG_CACHE_HOME": str(folder / "cache")},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
