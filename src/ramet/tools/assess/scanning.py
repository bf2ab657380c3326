"""The scan: a folder with a Django project -> what is in it and what refers to what.

It reads files, links what they say, and puts the facts in order. Nothing of the project is run.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path

import msgspec

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.assess.facts import Gap, Project, Scan
from ramet.tools.assess.linking.behaviour.joining import Joined, join
from ramet.tools.assess.linking.behaviour.linker import Linker
from ramet.tools.assess.linking.behaviour.parting import Linked
from ramet.tools.assess.linking.linking import link
from ramet.tools.assess.linking.listing import list_apps, list_models
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.linking.world import World
from ramet.tools.assess.source.extract import Extract
from ramet.tools.assess.source.extracting import version
from ramet.tools.assess.source.reading import Progress, Reader
from ramet.tools.assess.source.store import Store, key_of
from ramet.tools.assess.source.texts import Texts
from ramet.tools.assess.source.untouched import Untouched
from ramet.tools.assess.source.visiting import Behaviour
from ramet.tools.assess.source.walking import walk

__all__ = ["scan"]

_BEHAVIOUR = msgspec.msgpack.Decoder(Behaviour)
_NO_BEHAVIOUR = len(msgspec.msgpack.encode(None))


def scan(
    root: Path,
    *,
    venv: Path | None = None,
    pythonpath: Sequence[Path] = (),
    settings: str | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Scan:
    """What a project's source tells.

    `venv` is the virtual environment in which its packages are, `pythonpath` are further folders
    that it imports from, `settings` is the dotted name of the settings module that counts, which
    may be in any of them, and `cache` a folder that is kept between runs. Raises DiagnosticError
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
    # What a scan makes stays to its end, so that looking for garbage in it is time lost.
    with _no_garbage_collection():
        return _scan(root.resolve(), venv, pythonpath, settings, cache, progress)


def _scan(
    root: Path,
    venv: Path | None,
    pythonpath: Sequence[Path],
    settings: str | None,
    cache: Path | None,
    progress: Progress | None,
) -> Scan:
    files = walk(root)
    path = cache / f"{_name_of(root)}.scan" if cache is not None else None
    store = Store(path, version())
    untouched = Untouched(store, files.states, files.looked_at)
    reader = Reader(root, store, untouched=untouched)
    extracts = reader.read(files.python, progress)
    templates = Texts(root, files.templates, untouched)
    untouched.keep(reader.keys | templates.keys)
    world = link(root, files, extracts, reader.keys, store, venv, pythonpath, settings)
    _expect_django(root, world)
    joined = _behaviour(world, templates, store, progress)
    edges = [*world.schema.edges, *joined.edges]
    gaps = [*world.schema.gaps, *joined.gaps]
    world.last_run.keep()
    store.save()
    return Scan(
        project=Project(
            name=root.name,
            settings=world.settings_modules,
            files=len(extracts),
            lines=sum(extract.lines for extract in extracts.values()),
        ),
        apps=list_apps(world),
        models=list_models(world.schema.models, edges),
        edges=sorted(edges, key=attrgetter("file", "line", "field")),
        functions=joined.functions,
        atomics=joined.atomics,
        gaps=sorted(
            [*files.gaps, *_problems(extracts, reader.failures), *world.gaps, *gaps],
            key=attrgetter("file", "line"),
        ),
    )


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _behaviour(world: World, templates: Texts, store: Store, progress: Progress | None) -> Joined:
    """What functions do, kept while each file says the same, and none sees another's change."""
    user = str(world.settings.values.get("AUTH_USER_MODEL"))
    found = _linked(world, _to_link(world), user, progress)
    layout = world.layout()
    keys = {name: each.now.key for name, each in found.items()}
    return store.remembered(
        "joining",
        (world.last_run.state, user, layout, keys, templates.key),
        Joined,
        lambda: join(world, found, templates, layout),
        is_exact=True,
    )


def _to_link(world: World) -> dict[str, Module]:
    """Modules that do anything, by name: of several with one, the first."""
    found: dict[str, Module] = {}
    for _, module in sorted(world.modules.items()):
        if module.is_test or len(module.extract.behaviour) <= _NO_BEHAVIOUR:
            continue
        if (first := found.setdefault(module.name, module)) is not module:
            world.gaps += _second(world, module, first)
    return found


def _linked(
    world: World, modules: Mapping[str, Module], user: str, progress: Progress | None
) -> dict[str, Linked]:
    """What each file says by itself. It is kept while what it asked for stays."""
    last_run = world.last_run
    # What models are called must be compared with the last run before the first file is.
    linker = Linker(world) if last_run.sees_change else None
    of = {
        module.path: b"\0".join((world.keys[module.path], name.encode(), user.encode()))
        for name, module in modules.items()
    }
    good = last_run.good("linking", of)
    found: dict[str, Linked] = {}
    done, to_do = 0, len(modules) - len(good)
    for name, module in modules.items():
        path = module.path
        kept = good.get(path)
        if kept is not None:
            found[name] = Linked(kept, kept)
            continue
        if progress is not None:
            progress(done, to_do, "linking files")
        done += 1
        linker = linker or Linker(world)
        with world.names.asked.work() as work:
            one = linker.link(module, _BEHAVIOUR.decode(module.extract.behaviour))
        entry = msgspec.msgpack.encode(one)
        made = last_run.put("linking", path, of[path], entry, work, key_of(entry))
        found[name] = Linked(made, last_run.before("linking", path), one)
    return found


def _second(world: World, module: Module, first: Module) -> Iterator[Gap]:
    """Of an app's module that another one with its name was linked before.

    Scripts, such as the `manage.py` of several samples, are often so and say nothing of models;
    of an empty `__init__.py` nothing is lost.
    """
    if world.app_label(module) and module.extract.body:
        yield Gap(
            kind="same-name",
            file=module.path,
            line=1,
            found=f"a second module {module.name}, after {first.path}",
            why="Only the first is followed: what this one's functions do is not in this report.",
            remedy="Assess each project by its own folder.",
        )


def _name_of(root: Path) -> str:
    return hashlib.blake2b(str(root).encode(), digest_size=8).hexdigest()


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
            why=f"{why[:1].upper()}{why[1:]}.",
            remedy="Let it be read.",
        )
