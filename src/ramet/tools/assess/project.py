"""The project: which settings modules there are, which one counts, and what they install."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ramet.tools.assess.facts import Gap
from ramet.tools.assess.linking.modules import is_test
from ramet.tools.assess.linking.names import Module, Names
from ramet.tools.assess.linking.settings import Settings, evaluate
from ramet.tools.assess.source.extract import Assign, ClassDef
from ramet.tools.assess.source.walking import Files

__all__ = ["SettingsFound", "find_settings"]

_SAMPLES = frozenset(
    ("example", "examples", "sample", "samples", "demo", "sandbox", "docs", "doc", "testproject")
)

# Who names the settings module that is in use, the most telling first.
_TELLERS = ("manage.py", "wsgi.py", "asgi.py", "celery.py", "celery_app.py", "__main__.py")
_CONFIGURATION = ("pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini", "conftest.py")
_NAMED = re.compile(r"DJANGO_SETTINGS_MODULE[\"']?\]?\s*[,=:]\s*[\"']?([A-Za-z_][\w.]*)")


@dataclass(slots=True)
class SettingsFound:
    """`modules` are dotted names, the one in use first. `is_named`: something names that one."""

    modules: list[str] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)
    is_named: bool = False
    gaps: list[Gap] = field(default_factory=list)


def find_settings(
    root: Path, files: Files, names: Names, wanted: str | None = None
) -> SettingsFound:
    """The settings of a project. `wanted` is a dotted name that goes before everything."""
    found = SettingsFound()
    named = [wanted] if wanted else list(dict.fromkeys(_named(root, files)))
    modules = [module for name in named if (module := names.find(name)) is not None]
    found.is_named = bool(modules)
    if not modules or all(is_test(module.path) for module in modules):
        modules += _with_apps(names)
    modules = list(dict.fromkeys(modules))
    found.modules = [module.name for module in modules]
    if not modules:
        return found
    found.settings = evaluate(names, modules[0])
    others = [name for name in found.modules[1:]]
    if others:
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


def is_sample(path: str) -> bool:
    """Whether a file is of an example or of documentation."""
    return not _SAMPLES.isdisjoint(path.split("/")[:-1])


def _named(root: Path, files: Files) -> Iterable[str]:
    for teller in _TELLERS:
        paths = [path for path in files.python if path.rpartition("/")[2] == teller]
        for path in sorted(paths, key=lambda path: (is_sample(path), is_test(path), path.count("/"))):
            yield from _in_text(root / path)
    for path in (*files.configuration, *files.python):
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
            module.is_test or is_sample(module.path),
            "settings" not in module.name,
            module.name.rpartition(".")[2] not in ("settings", "base", "production", "common"),
            module.path.count("/"),
            module.path,
        ),
    )


def _defines_apps(module: Module) -> bool:
    return any(
        isinstance(statement, Assign)
        and statement.target == "INSTALLED_APPS"
        or isinstance(statement, ClassDef)
        and any(
            isinstance(each, Assign) and each.target == "INSTALLED_APPS" for each in statement.body
        )
        for statement in module.extract.body
    )
