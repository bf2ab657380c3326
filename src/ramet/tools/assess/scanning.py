"""The scan: a folder with a Django project -> what is in it and what refers to what.

It reads files, links what they say, and puts the facts in order. Nothing of the project is run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.assess.facts import App, Edge, Gap, Model, Project, Scan
from ramet.tools.assess.linking.linking import link
from ramet.tools.assess.linking.relations import relations
from ramet.tools.assess.linking.world import World
from ramet.tools.assess.source.extract import Extract
from ramet.tools.assess.source.extracting import version
from ramet.tools.assess.source.reading import Progress, Reader
from ramet.tools.assess.source.store import Store
from ramet.tools.assess.source.walking import Files, walk

__all__ = ["scan"]


def scan(
    root: Path,
    *,
    venv: Path | None = None,
    settings: str | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Scan:
    """What a project's source tells.

    `venv` is the virtual environment in which its packages are, `settings` the dotted name of the
    settings module that counts, `cache` a folder that is kept between runs. Raises DiagnosticError
    where there is no folder or no Django project in it; all else that is wrong is a Gap.
    """
    if not root.is_dir():
        raise DiagnosticError(
            Mistake(
                "not-a-folder",
                str(root),
                "no folder",
                "the folder of a Django project",
                "Give the folder that has its manage.py, or its package.",
            )
        )
    root = root.resolve()
    files = walk(root)
    path = cache / f"{_name_of(root)}.scan" if cache is not None else None
    store = Store(path, version())
    reader = Reader(root, store)
    extracts = reader.read(files.python, progress)
    world = link(root, files, extracts, reader.keys, store, venv, settings)
    _expect_django(root, world)
    edges, gaps = relations(world.registry)
    store.save()
    return Scan(
        project=Project(
            name=root.name,
            settings=world.settings_modules,
            files=len(extracts),
            lines=sum(extract.lines for extract in extracts.values()),
        ),
        apps=_apps(world),
        models=_models(world, edges),
        edges=sorted(edges, key=_place),
        functions=[],
        atomics=[],
        gaps=sorted(
            [*files.gaps, *_problems(extracts, reader.failures), *world.gaps, *gaps], key=_place
        ),
    )


def _name_of(root: Path) -> str:
    return hashlib.blake2b(str(root).encode(), digest_size=8).hexdigest()


def _place(fact: Edge | Gap | Model) -> tuple[str, int, str]:
    return fact.file, fact.line, getattr(fact, "field", "")


def _expect_django(root: Path, world: World) -> None:
    if world.apps.by_label or world.settings_modules:
        return
    raise DiagnosticError(
        Mistake(
            "no-django-project",
            str(root),
            "no settings module with INSTALLED_APPS, and no package with models, migrations or "
            "an AppConfig",
            "a Django project or a Django app",
            "Give the folder that has its manage.py, or its package.",
        )
    )


def _apps(world: World) -> list[App]:
    lines: dict[str, int] = {}
    for module in world.modules.values():
        label = world.app_label(module)
        lines[label] = lines.get(label, 0) + module.extract.lines
    return sorted(
        (
            App(
                label=app.label,
                package=app.package,
                file=app.folder,
                is_own=app.is_own,
                lines=lines.get(app.label, 0),
            )
            for app in world.apps.by_label.values()
        ),
        key=lambda app: (not app.is_own, app.file, app.label),
    )


def _models(world: World, edges: Iterable[Edge]) -> list[Model]:
    models = []
    for model in world.registry.models.values():
        definition, module = model.cls.definition, model.cls.module
        if definition is not None and module is not None:
            models.append(
                Model(
                    label=model.label,
                    app=model.app,
                    file=module.path,
                    line=definition.line,
                    is_own=model.is_own,
                    is_proxy=model.is_proxy,
                    table=model.table,
                )
            )
    known = {model.label for model in models}
    targets = {label for edge in edges for label in (edge.target, edge.through) if label}
    automatic = {
        edge.through for edge in edges if edge.through and edge.through.startswith(edge.source)
    }
    for label in sorted(targets - known - automatic - {"*"}):
        app = label.partition(".")[0]
        models.append(Model(label=label, app=app, file="", line=0, is_own=False))
    return sorted(models, key=lambda model: (not model.is_own, model.file, model.line, model.label))


def _problems(extracts: dict[str, Extract], failures: dict[str, str]) -> Iterable[Gap]:
    for path, extract in extracts.items():
        if extract.problem is not None:
            kind, why, line = extract.problem
            yield Gap(
                kind=kind,
                file=path,
                line=line,
                found="a file that could not be read as it should",
                why=why[:1].upper() + why[1:] + ".",
                remedy="Mend the file, or leave it: the rest of the project was read.",
            )
    for path, why in failures.items():
        yield Gap(
            kind="unreadable-file",
            file=path,
            line=0,
            found="a file that could not be read",
            why=why,
            remedy="Let it be read.",
        )


_ = Files
