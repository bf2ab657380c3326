"""From a grouping to ramet.toml: what is recommended is added, and what is written stays."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ramet.errors import DiagnosticError
from ramet.system import Gateway, load
from ramet.tools.assess.boundaries.home import home
from ramet.tools.assess.boundaries.pins import pins, system_of
from ramet.tools.assess.boundaries.writing import writing
from ramet.tools.assess.findings import AppRole, Report


def written(report: Report, folder: Path) -> list[str]:
    """What is new, after the file was written and found valid by the reader."""
    made = writing(report, folder, system_of(folder))
    made.path.write_text(made.text)
    load(made.path)
    return made.news


def test_a_new_file_is_valid_and_gives_every_app_one_owner(report: Report, folder: Path) -> None:
    """Candidates that are not recommended share a service with the rest."""
    first, second = report.groups
    second = msgspec.structs.replace(second, is_pinned=False)
    written(msgspec.structs.replace(report, groups=[first, second]), folder)
    system = load(folder / "ramet.toml")
    assert list(system.services) == [first.name, "made-up"]
    owned = [app for service in system.services.values() for app in service.apps]
    assert sorted(owned) == sorted(app.package for app in report.apps)


def with_roles(report: Report) -> tuple[Report, str, str]:
    """The first candidate's first app as a library; an app without models as a front."""
    library, front = report.groups[0].apps[0], "pages"
    roles = [
        AppRole(app=library, role="library", why="All use it."),
        AppRole(app=front, role="front", why="It has no models."),
    ]
    pages = msgspec.structs.replace(
        report.apps[0], label=front, package="made.pages", file="made/pages"
    )
    changed = msgspec.structs.replace(report, roles=roles, apps=[*report.apps, pages])
    return changed, f"made.{library}", "made.pages"


def test_a_library_is_in_no_service_and_a_front_in_no_candidate(
    report: Report, folder: Path
) -> None:
    """What no service owns is in every process: right for a library, wrong for pages."""
    report, library, front = with_roles(report)
    (folder / "made/pages").mkdir()
    made = writing(report, folder, None)
    made.path.write_text(made.text)
    system = load(made.path)
    assert system.service_of_app(library) is None
    in_front = system.service_of_app(front)
    assert in_front is not None
    assert in_front.name == "made-up"
    first = report.groups[0]
    kept = {model for model in first.models if model.startswith(f"{first.apps[0]}.")}
    assert set(system.candidates[first.name]) == kept
    assert f"in every process, as libraries: {first.apps[0]}.\n" in made.text
    assert made.notes == [
        f"A library is in no service, so every process has it: {library}.",
        "What has no models stays in front, in [services.made-up]: made.pages.",
    ]
    assert writing(report, folder, system_of(folder)).news == []


def test_a_front_joins_no_service_of_a_file_that_is_there(
    report: Report, folder: Path, declare: Callable[[str], Path]
) -> None:
    """It is said, and left to a person; what the file says of a library is a pin."""
    report, library, _ = with_roles(report)
    (folder / "made/pages").mkdir()
    path = declare(f'[services.mine]\napps = ["{library}"]\n')
    made = writing(report, folder, system_of(folder))
    path.write_text(made.text)
    assert "made.pages" not in made.text
    assert load(path).services["mine"].apps == (library,)
    assert made.notes == [
        "What has no models is in every process until it has a service of its own: made.pages."
    ]


def test_written_once_there_is_nothing_to_write(report: Report, folder: Path) -> None:
    """What it wrote are pins now."""
    assert written(report, folder)
    text = (folder / "ramet.toml").read_text()
    assert written(report, folder) == []
    assert (folder / "ramet.toml").read_text() == text


def test_hand_edits_and_comments_survive(
    report: Report, folder: Path, declare: Callable[[str], Path]
) -> None:
    """Also where a service gets another app."""
    first = report.groups[0]
    package = next(app.package for app in report.apps if app.label == first.apps[0])
    mine = f'[services.{first.name}] # ours\napps = [\n  "{package}", # old\n]\nowner = "we"\n'
    path = declare(mine)
    written(report, folder)
    text = path.read_text()
    assert f'  "{package}", # old\n' in text
    assert f"[services.{first.name}] # ours\n" in text
    service = load(path).services[first.name]
    assert service.owner == "we"
    assert len(service.apps) == len(first.apps)


def test_an_app_stays_with_the_service_that_has_it(
    report: Report, folder: Path, declare: Callable[[str], Path]
) -> None:
    """Its models that belong elsewhere are named as candidates, and are pins from then on."""
    first = report.groups[0]
    app = next(each for each in report.apps if each.label == first.apps[0])
    path = declare(f'[services.mine]\napps = ["{app.package}"]\n')
    written(report, folder)
    system = load(path)
    assert app.package in system.services["mine"].apps
    assert set(system.candidates[first.name]) == {
        model for model in first.models if model.startswith(f"{app.label}.")
    }
    pinned = pins(system, msgspec.convert(msgspec.to_builtins(report), Report))
    assert set(first.models) <= set(pinned[first.name])


def test_names_that_ramet_toml_refuses_are_changed(report: Report, folder: Path) -> None:
    """Reserved words, capitals and underscores."""
    first, second = report.groups
    groups = [
        msgspec.structs.replace(first, name="public"),
        msgspec.structs.replace(second, name="My_Shop"),
    ]
    written(msgspec.structs.replace(report, groups=groups), folder)
    assert list(load(folder / "ramet.toml").services) == ["the-public", "my-shop"]


def test_a_reason_cannot_leave_its_comment(report: Report, folder: Path) -> None:
    """It may quote the project."""
    first, *others = report.groups
    evil = msgspec.structs.replace(first, why='x\n[gateway]\nlisten = "0.0.0.0:1"\x07')
    written(msgspec.structs.replace(report, groups=[evil, *others]), folder)
    assert load(folder / "ramet.toml").gateway == Gateway()


def test_a_file_in_a_form_that_cannot_be_added_to_is_refused(
    report: Report, folder: Path, declare: Callable[[str], Path]
) -> None:
    """Rather than harmed."""
    app = report.apps[-1]
    path = folder / "ramet.toml"
    text = (
        'system = { name = "made-up", settings = "made.settings" }\n'
        f'services = {{ x = {{ apps = ["{app.package}"] }} }}\n'
    )
    path.write_text(text)
    with pytest.raises(DiagnosticError, match="cannot-edit"):
        writing(report, folder, system_of(folder))
    assert path.read_text() == text


def test_it_is_written_beside_manage_py(report: Report, tmp_path: Path) -> None:
    """Which may be below the folder that was given, or not there."""
    assert home(tmp_path, report.apps) == tmp_path
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "src" / "manage.py").touch()
    (tmp_path / "src" / "deep" / "manage.py").touch()
    assert home(tmp_path, report.apps) == tmp_path / "src"


def test_without_manage_py_the_apps_tell_from_where_they_are_imported(
    report: Report, tmp_path: Path
) -> None:
    """As in a package that was downloaded."""
    apps = [msgspec.structs.replace(app, file=f"lib/{app.file}") for app in report.apps]
    assert home(tmp_path, apps) == tmp_path / "lib"
