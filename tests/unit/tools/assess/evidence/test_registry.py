"""What Django says of the small project, and what it says of one that does not start."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import msgspec
import pytest

from ramet.errors import DiagnosticError
from ramet.tools.assess.evidence import registry
from ramet.tools.assess.evidence.registered import Registry
from ramet.tools.assess.facts import Edge, Scan
from tests.assess.small_project import SMALL, small_scan

PYTHON = Path(sys.executable)


@pytest.fixture(scope="module")
def asked() -> Registry:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
        return registry.ask(SMALL, python=PYTHON)


@pytest.fixture(scope="module")
def merged(asked: Registry) -> Scan:
    return registry.merged(small_scan(), asked, SMALL)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small project, to be broken."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    return Path(shutil.copytree(SMALL, tmp_path / "small"))


def edge(scan: Scan, source: str, field: str) -> Edge:
    (found,) = (each for each in scan.edges if (each.source, each.field) == (source, field))
    return found


def mistake(project: Path, **options: Path) -> str:
    with pytest.raises(DiagnosticError) as caught:
        registry.ask(project, **({"python": PYTHON} | options))
    return str(caught.value).replace(str(PYTHON), "PYTHON")


def test_the_project_starts_as_its_manage_py_does(asked: Registry) -> None:
    assert asked.settings == "small.settings"
    assert asked.problems == []


def test_relations_have_the_kinds_that_django_gives_them(asked: Registry) -> None:
    own = [each for each in asked.relations if each.source.startswith(("goods", "sales"))]
    assert {(each.kind, each.source, each.field, each.target) for each in own} == {
        ("m2m", "goods.Book", "fans", "auth.User"),
        ("mti_parent", "goods.Book", "product_ptr", "goods.Product"),
        ("proxy", "goods.Offer", "", "goods.Product"),
        ("fk", "goods.Book_fans", "book", "goods.Book"),
        ("fk", "goods.Book_fans", "user", "auth.User"),
        ("fk", "sales.Order", "product", "goods.Product"),
        ("fk", "sales.Order", "customer", "auth.User"),
    }


def test_what_both_know_is_known_by_both(merged: Scan) -> None:
    assert edge(merged, "sales.Order", "product").known == "both"
    assert edge(merged, "goods.Offer", "").known == "both"
    known = {each.label: each.known for each in merged.models}
    assert known["sales.Order"] == "both"
    assert known["drafts.Draft"] == "static"


def test_a_relation_that_no_class_assigns_is_the_registrys_and_says_why(merged: Scan) -> None:
    found = edge(merged, "sales.Order", "customer")
    assert (found.known, found.target, found.file) == ("registry", "auth.User", "sales/models.py")
    assert found.note == "no class assigns it: added while the project runs"


def test_a_target_that_was_read_wrongly_becomes_djangos(merged: Scan) -> None:
    found = edge(merged, "goods.Book", "fans")
    assert (found.target, found.through) == ("auth.User", "goods.Book_fans")
    assert (found.file, found.line) == ("goods/models.py", 11)
    assert found.note == "the source was read as m2m to accounts.User"


def test_a_model_of_a_package_comes_with_the_relation_that_leads_to_it(merged: Scan) -> None:
    (user,) = (each for each in merged.models if each.label == "auth.User")
    assert (user.is_own, user.file) == (False, "django/contrib/auth/models.py")


def test_a_model_that_was_taken_for_a_packages_becomes_the_projects_own(asked: Registry) -> None:
    scan = small_scan()
    models = [msgspec.structs.replace(each, is_own=False, file="") for each in scan.models]
    made = registry.merged(msgspec.structs.replace(scan, models=models), asked, SMALL)
    (order,) = (each for each in made.models if each.label == "sales.Order")
    assert (order.is_own, order.file, order.known) == (True, "sales/models.py", "both")


def test_the_through_models_that_django_makes_are_no_models_of_the_report(merged: Scan) -> None:
    assert "goods.Book_fans" not in {each.label for each in merged.models}


def test_a_receiver_that_the_source_did_not_show_is_an_edge_from_its_sender(merged: Scan) -> None:
    found = edge(merged, "goods.Product", "post_save")
    assert (found.target, found.file, found.line) == ("sales", "sales/receivers.py", 5)
    assert (found.known, found.note) == ("registry", "sales.receivers.product_saved")


def test_a_receiver_that_both_know_is_told_once_however_much_it_writes(asked: Registry) -> None:
    scan = small_scan()
    for target in ("sales.Order", "drafts.Draft"):
        scan.edges.append(
            Edge(
                kind="signal",
                source="goods.Product",
                target=target,
                field="post_save",
                file="sales/receivers.py",
                line=5,
                note="sales.receivers.product_saved",
            )
        )
    made = registry.merged(scan, asked, SMALL)
    signals = [each for each in made.edges if each.kind == "signal"]
    assert [(each.target, each.known) for each in signals] == [
        ("sales.Order", "both"),
        ("drafts.Draft", "both"),
    ]


def test_a_relation_of_an_app_that_is_not_installed_stays_as_read(merged: Scan) -> None:
    assert edge(merged, "drafts.Draft", "order").known == "static"


def test_what_the_url_map_leads_to_is_a_view(merged: Scan) -> None:
    assert [each.kind for each in merged.functions] == ["view"]


def test_an_app_that_is_not_installed_is_one_gap_however_much_is_in_it(merged: Scan) -> None:
    (gap,) = merged.gaps
    assert (gap.kind, gap.file) == ("app-not-installed", "drafts")
    assert gap.found == "drafts: 1 relations in its source, none in the registry"


def test_a_relation_that_django_does_not_have_is_left_out_with_a_gap(asked: Registry) -> None:
    scan = small_scan()
    ghost = Edge(
        kind="fk", source="sales.Order", target="goods.Book", field="ghost", file="x.py", line=3
    )
    scan.edges.append(ghost)
    made = registry.merged(scan, asked, SMALL)
    assert "ghost" not in {each.field for each in made.edges}
    (gap,) = (each for each in made.gaps if each.kind == "registry-disagrees")
    assert (gap.file, gap.line) == ("x.py", 3)


def test_settings_that_fail_are_told_with_their_own_line(project: Path) -> None:
    with (project / "small/settings.py").open("a") as file:
        file.write('\nos.environ["SMALL_DATABASE"]\n')
    assert mistake(project) == (
        "small/settings.py:12: project-does-not-start\n"
        "  found     KeyError: 'SMALL_DATABASE'\n"
        "  expected  a project that starts with PYTHON as far as django.setup()\n"
        "  remedy    Set what the project needs to start (see its own documents), then try again."
    )


def test_a_package_that_is_missing_is_told_with_the_python_that_lacks_it(project: Path) -> None:
    (project / "goods/models.py").write_text("import no_such_package\n")
    assert mistake(project) == (
        "goods/models.py:1: project-does-not-start\n"
        "  found     ModuleNotFoundError: No module named 'no_such_package'\n"
        "  expected  a project that starts with PYTHON as far as django.setup()\n"
        "  remedy    Install it for PYTHON, or name the project's Python with --python PATH."
    )


def test_settings_that_end_the_process_are_told_by_what_made_them(project: Path) -> None:
    (project / "small/settings.py").write_text(
        "import sys\ntry:\n    import local_settings\nexcept ImportError:\n    sys.exit(1)\n"
    )
    assert "ModuleNotFoundError: No module named 'local_settings'" in mistake(project)


def test_a_process_that_dies_is_told_by_what_it_printed(project: Path) -> None:
    (project / "small/settings.py").write_text(
        "import os, sys\nprint('out of luck', file=sys.stderr, flush=True)\nos._exit(3)\n"
    )
    assert "project-gave-no-registry" in mistake(project)
    assert "out of luck" in mistake(project)


def test_a_folder_without_manage_py_asks_for_settings(project: Path) -> None:
    (project / "manage.py").unlink()
    found = mistake(project)
    assert "no-settings-for-registry" in found
    assert "Give --settings NAME" in found
    assert registry.ask(project, python=PYTHON, settings="small.settings").models


def test_a_python_that_is_not_there_is_told(project: Path, tmp_path: Path) -> None:
    assert "no-python-for-registry" in mistake(project, python=tmp_path / "python")
    with pytest.raises(DiagnosticError, match="no-python-for-registry"):
        registry.ask(project, venv=tmp_path)


def test_a_relative_path_of_a_python_counts_from_where_one_is(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PYTHON.parents[1])
    relative = PYTHON.relative_to(PYTHON.parents[1])
    assert registry.ask(project, python=relative).models


def test_a_urlconf_that_fails_leaves_the_rest(project: Path) -> None:
    (project / "small/urls.py").write_text("raise RuntimeError('no urls')\n")
    found = registry.ask(project, python=PYTHON)
    assert found.problems == ["urls: RuntimeError: no urls"]
    assert found.relations
    made = registry.merged(small_scan(), found, project)
    assert "registry-incomplete" in {each.kind for each in made.gaps}
