"""A grouping -> `ramet.toml`: the recommended candidates become services, or join those there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake
from ramet.reserved_names import RESERVED_NAMES, RESERVED_PREFIX
from ramet.system import System
from ramet.system.keys import SERVICE_NAME
from ramet.tools.assess.boundaries.home import FILE_NAME
from ramet.tools.assess.boundaries.toml_editing import CannotEdit, with_items, with_table
from ramet.tools.assess.findings import Group, Report

__all__ = ["Writing", "writing"]


@dataclass(frozen=True, slots=True)
class Writing:
    """The new text of a file, and what is new in it, a line each; none where nothing is.

    `notes` say where the apps are that go to no candidate.
    """

    path: Path
    text: str
    news: list[str]
    notes: list[str]


def writing(report: Report, folder: Path, system: System | None) -> Writing:
    """What the recommended and the pinned candidates add to the `ramet.toml` of a folder.

    An app goes to the candidate that has most of its models; models of another candidate stay in
    it, and are named in `[candidates.NAME]`. In a new file one more service has every other app of
    the project, so that none is in all processes but libraries, which are in no service for that
    very reason. An app without models, a front, never joins a candidate. Nothing is removed and
    nothing moved: where ramet.toml says something else already, it was a pin. Raises
    DiagnosticError where the file is written in a way that cannot be added to.
    """
    path = folder / FILE_NAME
    text = path.read_bytes().decode() if system else _head(report)
    chosen = [group for group in report.groups if group.is_recommended or group.is_pinned]
    names = _names(chosen, system)
    apps, models = _shares(report, chosen, names, system)
    news: list[str] = []
    try:
        for name, packages in apps.items():
            text = _with_apps(text, name, packages, system, report, names, news)
        for name, labels in models.items():
            text = _with_models(text, name, labels, system, news)
    except CannotEdit as error:
        raise DiagnosticError(
            Mistake(
                "cannot-edit",
                where=str(path),
                found=f"{error} in a form that cannot be added to",
                expected="tables such as [services.orders], each with its own apps = [...]",
                remedy="Write it that way, or add by hand what the report recommends.",
            )
        ) from None
    return Writing(path, text, news, list(_notes(report, system, apps)))


def _head(report: Report) -> str:
    name = _word(report.project.name)
    settings = report.project.settings[0] if report.project.settings else ""
    return (
        "# The services of this project, as `ramet assess --write` began them. They are yours to\n"
        "# change: run it again, and what stands here is kept.\n"
        f"{_about_libraries(report)}"
        f'[system]\nname     = "{name}"\nsettings = "{settings}"\n'
    )


def _names(chosen: Iterable[Group], system: System | None) -> dict[str, str]:
    """The service of each candidate; a name that ramet.toml could not have is changed a little."""
    taken = {name for name, s in system.services.items() if not s.is_django} if system else set()
    names: dict[str, str] = {}
    for group in chosen:
        name = _word(group.name)
        while name in taken or name in names.values():
            name += "-apps" if len(name) < 30 else "x"
        names[group.name] = name
    return names


def _word(text: str) -> str:
    word = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:30].strip("-")
    if not re.fullmatch(SERVICE_NAME, word):
        word = f"s-{word}".strip("-")
    is_taken = word in RESERVED_NAMES or word.startswith(RESERVED_PREFIX)
    return f"the-{word}" if is_taken else word


Shares = dict[str, list[str]]


def _shares(
    report: Report, chosen: list[Group], names: dict[str, str], system: System | None
) -> tuple[Shares, Shares]:
    """Packages of apps, and labels of models that stay in another's app, by service."""
    service_of = {model: names[group.name] for group in chosen for model in group.models}
    platform = {hub.model for hub in report.platform if not hub.group}
    rest = "" if system else _rest(report, names)
    libraries, fronts = _with_role(report, "library"), _with_role(report, "front")
    homes: dict[str, Counter[str]] = {app.label: Counter() for app in report.apps if app.is_own}
    for group in chosen:
        for label in group.apps:
            if label in homes and label not in fronts:
                homes[label][names[group.name]] += 0
    for model in report.models:
        if model.app in homes and model.label not in platform:
            homes[model.app][service_of.get(model.label, rest)] += 1
    apps: Shares = {name: [] for name in names.values()}
    owner: dict[str, str] = {}
    for app in report.apps:
        if app.label not in homes:
            continue
        declared = system.service_of_app(app.package) if system else None
        best = max(homes[app.label].items(), key=lambda each: (each[1], each[0]), default=(rest, 0))
        # What no service owns is in every process, and that is what a library is for.
        found = "" if app.label in libraries else best[0]
        owner[app.label] = declared.name if declared else found
        if owner[app.label] and declared is None:
            apps.setdefault(owner[app.label], []).append(app.package)
    models: Shares = {}
    for model in report.models:
        name = service_of.get(model.label, "" if model.app in libraries else rest)
        if name and model.label not in platform and owner.get(model.app, name) != name:
            models.setdefault(name, []).append(model.label)
    return {name: packages for name, packages in apps.items() if packages}, models


def _with_role(report: Report, role: str) -> list[str]:
    return [each.app for each in report.roles if each.role == role]


def _about_libraries(report: Report) -> str:
    """A comment for whoever looks for them in the file."""
    if not (libraries := _with_role(report, "library")):
        return ""
    return (
        f"# In no service, so in every process, as libraries: {_one_line(', '.join(libraries))}.\n"
    )


def _notes(report: Report, system: System | None, apps: Shares) -> Iterator[str]:
    """Where libraries and fronts are, unless ramet.toml said so before; a line each way."""
    packages = {app.label: app.package for app in report.apps if app.is_own}
    homes = {package: name for name, those in apps.items() for package in those}
    said: dict[str, list[str]] = {}
    for role in report.roles:
        package = packages.get(role.app)
        if package is None or (system and system.service_of_app(package)):
            continue
        if role.role == "library":
            where = "A library is in no service, so every process has it"
        elif role.role == "front" and package in homes:
            where = f"What has no models stays in front, in [services.{homes[package]}]"
        elif role.role == "front":
            where = "What has no models is in every process until it has a service of its own"
        else:
            continue
        said.setdefault(where, []).append(package)
    for where, those in said.items():
        yield f"{where}: {', '.join(those)}."


def _rest(report: Report, names: dict[str, str]) -> str:
    """A name for the service that has whatever no candidate takes."""
    options = (_word(report.project.name), "core", "rest", "everything-else")
    return next(name for name in options if name not in names.values())


def _with_apps(
    text: str,
    name: str,
    packages: list[str],
    system: System | None,
    report: Report,
    names: dict[str, str],
    news: list[str],
) -> str:
    if system and name in system.services:
        news.append(f"[services.{name}] has {', '.join(packages)} now.")
        return with_items(text, ("services", name, "apps"), packages)
    why = next((g.why for g in report.groups if names.get(g.name) == name), "What is left.")
    news.append(f"[services.{name}] is new: {', '.join(packages)}.")
    return with_table(text, ("services", name), {"apps": packages}, _one_line(why))


def _with_models(
    text: str, name: str, labels: list[str], system: System | None, news: list[str]
) -> str:
    declared = system.candidates.get(name, ()) if system else ()
    new = [label for label in labels if label not in declared]
    if not new:
        return text
    news.append(f"[candidates.{name}] has {', '.join(new)}, which other apps have today.")
    if declared:
        return with_items(text, ("candidates", name, "models"), new)
    return with_table(text, ("candidates", name), {"models": new}, "Still in other apps.")


def _one_line(text: str) -> str:
    """Without what would end a comment: its words may quote the project."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
