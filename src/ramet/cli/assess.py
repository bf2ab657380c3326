"""Study a Django project: how it is coupled, whether to split it, where, at what price."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

from ramet.cli._extras import need_assess
from ramet.cli._parameters import Argument, Option
from ramet.cli._progress import Progressing
from ramet.errors import DiagnosticError, Mistake

if TYPE_CHECKING:
    from ramet.tools.assess.findings import Report
    from ramet.tools.assess.report.comparing import Change

__all__ = ["command"]


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles: a fifth of the time, with next to none to find until the end."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # nor at the end of the process, which takes all of it down anyway
        gc.enable()


@_uncollected()
def command(
    path: Annotated[Path, Argument(help="The folder of the project.")] = Path("."),
    *,
    report: Annotated[Path | None, Option(help="Write the report, one HTML file, here.")] = None,
    json: Annotated[Path | None, Option(help="Write everything as JSON here; - prints it.")] = None,
    venv: Annotated[
        Path | None,
        Option(help="The virtual environment with the project's packages."),
    ] = None,
    pythonpath: Annotated[
        list[Path] | None,
        Option(help="A folder that it imports from as well; repeatable."),
    ] = None,
    registry: Annotated[
        bool,
        Option(help="Ask Django's own registry: this starts the project."),
    ] = False,
    python: Annotated[
        Path | None,
        Option(help="The Python of --registry, unless it is that of --venv."),
    ] = None,
    trace: Annotated[
        list[Path] | None,
        Option(help="What tests or requests were recorded to touch; repeatable."),
    ] = None,
    git: Annotated[bool, Option(help="See in the history what changes together.")] = False,
    settings: Annotated[str, Option(help="The settings module that counts, dotted.")] = "",
    compare: Annotated[
        Path | None, Option(help="JSON of an earlier run: what has changed.")
    ] = None,
    write: Annotated[bool, Option(help="Add the recommended candidates to ramet.toml.")] = False,
    baseline: Annotated[
        bool,
        Option(
            help="Write what crosses the boundaries of ramet.toml; ramet check lets it not grow.",
        ),
    ] = False,
    seeds: Annotated[int, Option(min=1, max=1000, help="How often to group.")] = 50,
    cache: Annotated[bool, Option(help="Keep what was read for the next run.")] = True,
    schema: Annotated[
        bool, Option(help="Print the JSON Schema of --json, and do nothing else.")
    ] = False,
) -> int:
    """Read a Django project and say whether to split it, where, and what each cut costs.

    Nothing of the project is imported or run, unless --registry asks for it. The verdict goes to
    standard output; --report and --json have everything, with file and line. Exit code 0 whatever
    the verdict is, 2 where there is no Django project.
    """
    need_assess("ramet assess")
    from ramet.tools.assess.assessing import assess, page, store_of_reports
    from ramet.tools.assess.looking import Wanted, cache_folder
    from ramet.tools.assess.report.as_json import as_json, json_schema, read_report

    if schema:
        import json as json_format  # seldom needed

        print(json_format.dumps(json_schema(), indent=2))
        return 0
    # Before the work: what is wrong with these is not to be learnt after it.
    _refuse_unwritable(report, None if json == STANDARD_OUTPUT else json)
    _refuse_no_environment(venv)
    _refuse_no_folder(pythonpath or ())
    old = read_report(compare) if compare else None
    began = time.monotonic()
    wanted = Wanted(
        path,
        venv=venv,
        pythonpath=tuple(pythonpath or ()),
        registry=registry,
        traces=tuple(trace or ()),
        history=git,
        settings=settings,
        python=python,
    )
    folder = cache_folder(path) if cache else None
    store = store_of_reports(folder)
    with Progressing() as progress:
        assessment = assess(wanted, store, seeds=seeds, cache=folder, progress=progress)
    found = assessment.report
    changes = _since(old, found) if old else None
    seconds = time.monotonic() - began
    # Files first: whoever reads what is printed may have enough of it before its end.
    news: list[str] = []
    try:
        if report:
            news.append(_save(report, [page(assessment, changes, store)]))
        if json and json != STANDARD_OUTPUT:
            news.append(_save(json, as_json(found)))
        store.save()
        if write:
            news += _write(found, path)
        if baseline:
            news.append(_hold(found, path))
    finally:
        out = _tell(found, changes, seconds, as_json=json == STANDARD_OUTPUT)
        for line in news:
            print(line, file=out)
    return 0


def _since(old: Report, found: Report) -> list[Change]:
    from ramet.tools.assess.report.comparing import compare as changes_between

    return changes_between(old, found)


STANDARD_OUTPUT = Path("-")


def _refuse_unwritable(*paths: Path | None) -> None:
    mistakes = [
        Mistake(
            "unwritable-output",
            where=str(path),
            found=f"{reason}",
            expected="the path of a file that may be written",
            remedy="Name a file in a folder that exists and is yours to write to.",
        )
        for path in paths
        if path is not None and (reason := _obstacle(path))
    ]
    named = [p.resolve() for p in paths if p is not None and (p.is_file() or not p.exists())]
    if len(named) > len(set(named)):
        mistakes.append(
            Mistake(
                "same-output",
                where=str(named[0]),
                found="one file for the report and for the JSON",
                expected="a file for each",
                remedy="Name another for one of them.",
            )
        )
    if mistakes:
        raise DiagnosticError(*mistakes)


def _refuse_no_environment(venv: Path | None) -> None:
    if venv is None or (venv.name == "site-packages" and venv.is_dir()):
        return
    if any(next(venv.glob(each), None) for each in _SITE_PACKAGES):
        return
    raise DiagnosticError(
        Mistake(
            "not-an-environment",
            where=str(venv),
            found="no folder" if not venv.is_dir() else "a folder without site-packages",
            expected="a virtual environment, with the project's packages in it",
            remedy="Name the folder that has its pyvenv.cfg, such as .venv.",
        )
    )


def _refuse_no_folder(pythonpath: Sequence[Path]) -> None:
    mistakes = [
        Mistake(
            "not-a-folder",
            where=str(each),
            found="no folder",
            expected="a folder that names of modules count from, as of manage.py's --pythonpath",
            remedy="Name the folder that has the package, not the package itself.",
        )
        for each in pythonpath
        if not each.is_dir()
    ]
    if mistakes:
        raise DiagnosticError(*mistakes)


_SITE_PACKAGES = ("lib*/python*/site-packages", "Lib/site-packages")


def _obstacle(path: Path) -> str:
    if path.is_dir():
        return "a folder"
    if not path.parent.is_dir():
        return f"no folder {path.parent}"
    existing = path if path.exists() else path.parent
    return "" if os.access(existing, os.W_OK) else f"{existing}, which is not yours to write to"


def _tell(
    found: Report, changes: Sequence[Change] | None, seconds: float, *, as_json: bool
) -> TextIO:
    """Print the summary, or the JSON alone; return where everything else is to be said."""
    from ramet.tools.assess.report.as_json import as_json as encoded
    from ramet.tools.assess.report.terminal import show

    if as_json:
        sys.stdout.buffer.writelines(encoded(found))
        sys.stdout.flush()
        return sys.stderr
    show(found, sys.stdout, changes=changes, seconds=seconds)
    return sys.stdout


def _save(path: Path, content: Iterable[bytes | memoryview]) -> str:
    try:
        with path.open("wb") as file:
            file.writelines(content)
            file.flush()
            size = file.tell() if file.seekable() else 0
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DiagnosticError(
            Mistake(
                "output-not-written",
                where=str(path),
                found=os.strerror(error.errno or 0),
                expected="a place with room for it, which may be written",
                remedy="Make room, or name a file elsewhere.",
            )
        ) from None
    return f"wrote {path} ({size / 1_000_000:.1f} MB)"


def _write(found: Report, root: Path) -> list[str]:
    """Add to ramet.toml what is recommended. A link stays one: its target is written."""
    from ramet.tools.assess.boundaries.home import home
    from ramet.tools.assess.boundaries.pins import system_of
    from ramet.tools.assess.boundaries.writing import writing

    folder = home(root, found.apps)
    made = writing(found, folder, system_of(folder))
    if not made.news:
        return [f"{made.path} says all of it already"]
    _replace(made.path.resolve(), made.text.encode())
    return [f"{made.path}: {line}" for line in (*made.news, *made.notes)]


def _hold(found: Report, root: Path) -> str:
    """Write the baseline beside ramet.toml, whose boundaries it is about."""
    from ramet.system.imports import imports
    from ramet.tools.assess.boundaries.home import home
    from ramet.tools.assess.boundaries.pins import system_of
    from ramet.tools.assess.boundaries.ratchet import BASELINE, Baseline, crossings, importing

    folder = home(root, found.apps)
    system = system_of(folder)
    if system is None:
        raise DiagnosticError(
            Mistake(
                "no-system",
                where=str(folder),
                found="no ramet.toml, so no boundaries",
                expected="a ramet.toml with the services whose boundaries are to hold",
                remedy="Write one with --write, or by hand.",
            )
        )
    crossing = [each for each in imports(system) if not each.is_allowed]
    held = Baseline(boundaries=crossings(found, system), imports=importing(crossing))
    _replace(folder / BASELINE, held.as_json())
    connections, imported = (
        sum(sum(keys.values()) for keys in each.values())
        for each in (held.boundaries, held.imports)
    )
    return (
        f"{folder / BASELINE}: {connections} connections and {imported} imports cross the "
        "boundaries; commit it"
    )


def _replace(path: Path, content: bytes) -> None:
    """All or nothing: whoever reads it meanwhile sees the old file or the new one."""
    mode = path.stat().st_mode if path.exists() else None
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    if mode is not None:
        part.chmod(mode)
    part.replace(path)
