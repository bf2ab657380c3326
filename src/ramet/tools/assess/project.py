"""The project: which settings modules there are, which one counts, and what they install."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.assess.facts import Gap
from ramet.tools.assess.linking.modules import files_of, is_test, is_test_package
from ramet.tools.assess.linking.names import Module, Names, Symbol
from ramet.tools.assess.linking.settings import Settings, defines_apps, evaluate
from ramet.tools.assess.source.extract import ClassDef
from ramet.tools.assess.source.walking import Files

__all__ = ["SettingsFound", "find_settings", "is_sample", "settings_named"]

_SAMPLES = frozenset(
    (
        "example",
        "examples",
        "sample",
        "samples",
        "demo",
        "sandbox",
        "docs",
        "doc",
        "testproject",
        "project_template",
    )
)

# Who names the settings module that is in use, the most telling first.
_TELLERS = ("manage.py", "wsgi.py", "asgi.py", "celery.py", "celery_app.py", "__main__.py")
_CONFIGURATION = ("pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini", "conftest.py")
# A project of fifty settings modules has forty-nine of tests.
MOST_EVALUATED = 20

_NAMED = re.compile(r"DJANGO_SETTINGS_MODULE[\"']?\]?\s*[,=:]\s*[\"']?([A-Za-z_][\w.]*)")


class SettingsFound(msgspec.Struct):
    """`modules` are dotted names, the one in use first. `is_named`: something names that one.

    `is_of_tests`: it is one of tests or of a sample, so that it may install what is for these.
    """

    modules: list[str] = []
    settings: Settings = msgspec.field(default_factory=Settings)
    is_named: bool = False
    is_of_tests: bool = False
    gaps: list[Gap] = []


def settings_named(root: Path, files: Files) -> list[str]:
    """The dotted names of settings that files of a project give, the most telling first."""
    return list(dict.fromkeys(_named(root, files)))


def find_settings(
    names: Names, given: Sequence[str], wanted: str | None = None, first: Sequence[str] = ()
) -> SettingsFound:
    """The settings of a project, of the names that are `given` for them.

    `wanted` is the name that goes before everything; it counts from the folders `first` before the
    project's own, and from that before any other. Raises DiagnosticError where no module has it, or
    where it may be several.
    """
    found = SettingsFound()
    if wanted:
        modules = [_wanted(names, wanted, first)]
    else:
        modules = [each for name in given if (each := names.find(name)) is not None]
    # One that gets its apps in a way that only it knows, as of Dynaconf, leaves it to the others.
    found.is_named = any(_installs(names, module) for module in modules)
    if not found.is_named or not (wanted or any(not is_test(each.path) for each in modules)):
        modules += _with_apps(names)
    modules = list(dict.fromkeys(modules))
    if not modules:
        found.gaps.append(
            Gap(
                kind="no-settings",
                file="",
                line=0,
                found="no settings module with INSTALLED_APPS, so nothing says what is installed",
                why="Packages with models, migrations or an AppConfig were taken for its apps, and "
                "what relations name beside them for installed.",
                remedy="Name the settings module with --settings.",
            )
        )
        return found
    evaluated = {id(module): evaluate(names, module) for module in modules[:MOST_EVALUATED]}
    if not found.is_named and not wanted:
        modules.sort(key=lambda module: _rank(names, module, evaluated.get(id(module))))
    found.modules = [module.name for module in modules]
    found.settings = evaluated.get(id(modules[0])) or evaluate(names, modules[0])
    if found.settings.values.get("INSTALLED_APPS") is None:
        found.settings.partial.setdefault("INSTALLED_APPS", (modules[0].path, 0))
    if not found.is_named:
        others = [(module, evaluated[id(module)]) for module in modules if id(module) in evaluated]
        _add_apps_of_others(found, names, others)
    found.is_of_tests = not _is_of_project(modules[0])
    if not wanted and found.is_of_tests:
        _leave_tests_out(found)
    if "INSTALLED_APPS" in found.settings.partial:
        path, line = found.settings.partial["INSTALLED_APPS"]
        found.gaps.append(
            Gap(
                kind="partial-settings",
                file=path,
                line=line,
                found="INSTALLED_APPS gets apps from what is known only when the project runs",
                why="Own packages that look like apps were taken for installed.",
                remedy="Give the project's own registry with --registry.",
            )
        )
    if len(modules) > 1:
        found.gaps.append(
            Gap(
                kind="several-settings",
                file=modules[0].path,
                line=0,
                found=f"settings modules {', '.join(found.modules)}",
                why=f"Only {found.modules[0]} was taken; the others may install other apps.",
                remedy="Name the one that counts with --settings.",
            )
        )
    return found


def _wanted(names: Names, wanted: str, first: Sequence[str]) -> Module:
    own = names.modules.get(wanted, [])
    for start in (*first, ""):
        for module in own:
            if module.path in files_of(wanted, start):
                return module
    if len(own) > 1:
        raise DiagnosticError(_ambiguous(wanted, own))
    found = names.find(wanted)
    if found is None:
        raise DiagnosticError(_unknown(wanted, _with_apps(names)))
    return found


def _installs(names: Names, module: Module) -> bool:
    return evaluate(names, module).values.get("INSTALLED_APPS") is not None


def _add_apps_of_others(
    found: SettingsFound, names: Names, others: Iterable[tuple[Module, Settings]]
) -> None:
    """Where nobody names the settings, an app of the project that any of them installs counts."""
    entries = found.settings.texts("INSTALLED_APPS")
    for module, other in others:
        for entry in other.texts("INSTALLED_APPS"):
            symbol = names.locate(entry) if entry not in entries else None
            if symbol is None or not _is_own(symbol):
                continue
            if _is_of_project(module) or not is_test_package(entry):
                entries.append(entry)
    if entries:
        found.settings.values["INSTALLED_APPS"] = entries


def _leave_tests_out(found: SettingsFound) -> None:
    """Settings of tests install apps of tests, which are no part of the project."""
    found.is_named = False
    values = found.settings.values
    values["INSTALLED_APPS"] = [
        entry for entry in found.settings.texts("INSTALLED_APPS") if not is_test_package(entry)
    ]
    values.pop("AUTH_USER_MODEL", None)


def _rank(names: Names, module: Module, settings: Settings | None) -> tuple[bool, int]:
    """Settings nobody names are the likelier the more of the project they install."""
    entries = settings.texts("INSTALLED_APPS") if settings is not None else []
    own = sum(1 for entry in entries if (found := names.locate(entry)) and _is_own(found))
    return not _is_of_project(module), -own


def _is_own(symbol: Symbol) -> bool:
    return symbol.module is not None and symbol.module.is_own


def _unknown(wanted: str, there: list[Module]) -> Mistake:
    names = ", ".join(module.name for module in there[:5]) or "none"
    return Mistake(
        "unknown-settings",
        where="--settings",
        found=f"{wanted}, which is no module of the project",
        expected=f"a settings module's dotted name; with INSTALLED_APPS there is: {names}",
        remedy="Name it as manage.py would; where it lies outside of the project, name the folder "
        "that its name counts from with --pythonpath.",
    )


def _ambiguous(wanted: str, there: Sequence[Module]) -> Mistake:
    return Mistake(
        "ambiguous-settings",
        where="--settings",
        found=f"{wanted}, which may be {' or '.join(module.path for module in there)}",
        expected="a dotted name that one module has",
        remedy="Assess the folder of the one that counts, or name it with --pythonpath.",
    )


def _is_of_project(module: Module) -> bool:
    return not (is_test(module.path) or is_sample(module.path))


def is_sample(path: str) -> bool:
    """Whether a file is of an example or of documentation."""
    return not _SAMPLES.isdisjoint(path.split("/")[:-1])


def _named(root: Path, files: Files) -> Iterable[str]:
    python = [path for path in files.python if path.endswith(_TELLERS + _CONFIGURATION)]
    for teller in _TELLERS:
        paths = [path for path in python if path.rpartition("/")[2] == teller]
        for path in sorted(
            paths, key=lambda path: (is_sample(path), is_test(path), path.count("/"))
        ):
            yield from _in_text(root / path)
    for path in (*files.configuration, *python):
        if path.rpartition("/")[2] in _CONFIGURATION:
            yield from _in_text(root / path)


def _in_text(path: Path) -> Iterable[str]:
    try:
        yield from _NAMED.findall(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return


def _with_apps(names: Names) -> list[Module]:
    """Modules that define INSTALLED_APPS, most likely ones first."""
    found = {
        id(module): module
        for modules in names.modules.values()
        for module in modules
        if _defines_apps(module)
    }
    return sorted(
        found.values(),
        key=lambda module: (
            not _is_of_project(module),
            "settings" not in module.name,
            module.name.rpartition(".")[2] not in ("settings", "base", "production", "common"),
            module.path.count("/"),
            module.path,
        ),
    )


def _defines_apps(module: Module) -> bool:
    """Whether the module, or a class in it as those of django-configurations, has them."""
    body = module.extract.body
    return defines_apps(body) or any(
        isinstance(each, ClassDef) and defines_apps(each.body) for each in body
    )
