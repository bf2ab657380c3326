"""`--registry`: what Django itself says of the project, asked by the project's own Python.

The probe runs in a process of its own, because importing a project runs it: it wants the project's
packages, may print, and may end the process. Here its answer is read and merged (`merging`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.assess.evidence.merging import merged
from ramet.tools.assess.evidence.registered import Failure, Registry
from ramet.tools.assess.facts import Scan

__all__ = ["START_SECONDS", "ask", "with_registry"]

START_SECONDS = 300
"""How long a project may take to start. The largest that we tried took 40 s."""

PROBE = Path(__file__).with_name("probe.py")


def with_registry(
    scan: Scan,
    root: Path,
    *,
    python: Path | None = None,
    venv: Path | None = None,
    pythonpath: Sequence[Path] = (),
    settings: str | None = None,
) -> Scan:
    """Return `scan` with what the registry knows; every model and relation says who knows it.

    `root` is the folder that was scanned. Raises DiagnosticError where the project does not start.
    """
    answer = ask(root, python=python, venv=venv, pythonpath=pythonpath, settings=settings)
    return merged(scan, answer, root)


def ask(
    root: Path,
    *,
    python: Path | None = None,
    venv: Path | None = None,
    pythonpath: Sequence[Path] = (),
    settings: str | None = None,
) -> Registry:
    """Start the project, and return what its registry says.

    `python` is the project's interpreter; without it that of `venv`, of the active environment, of
    `.venv` or `venv` in `root`, else this one. `pythonpath` are folders that are imported from
    before `root`. `settings` is a dotted name; without it
    `manage.py`'s, or the environment's `DJANGO_SETTINGS_MODULE`.
    """
    interpreter = _interpreter(root, python, venv)
    if interpreter.exists():  # else it may be a command's name
        # It is started in `root`, where a relative path would lead elsewhere.
        interpreter = interpreter.absolute()
    manage = _manage(root)
    environment = dict(os.environ)
    if settings:
        environment["DJANGO_SETTINGS_MODULE"] = settings
    if manage is None and not environment.get("DJANGO_SETTINGS_MODULE"):
        raise DiagnosticError(_no_settings(root))
    with tempfile.TemporaryDirectory(prefix="ramet-assess-") as folder:
        out = Path(folder) / "registry.json"
        command = [str(interpreter), str(PROBE), "--out", str(out)]
        for each in (*pythonpath, root):
            command += ["--path", str(each.resolve())]
        if manage:
            command += ["--manage", str(manage.resolve())]
        printed = _run(command, root, environment, interpreter)
        try:
            answer = msgspec.json.decode(out.read_bytes(), type=Registry | Failure)
        except (OSError, msgspec.DecodeError):
            raise DiagnosticError(_no_answer(root, interpreter, printed)) from None
    if isinstance(answer, Failure):
        raise DiagnosticError(_does_not_start(answer, root, interpreter))
    return answer


def _run(command: list[str], root: Path, environment: dict[str, str], interpreter: Path) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=START_SECONDS,
        )
    except OSError as error:
        raise DiagnosticError(_no_python(interpreter, str(error))) from None
    except subprocess.TimeoutExpired:
        raise DiagnosticError(_hangs(root)) from None
    return done.stderr or done.stdout


def _interpreter(root: Path, python: Path | None, venv: Path | None) -> Path:
    if python is not None:
        return python
    if venv is not None:
        found = _python_in(venv)
        if found is None:
            raise DiagnosticError(_no_python(venv / "bin/python", "no such file"))
        return found
    active = os.environ.get("VIRTUAL_ENV")
    for folder in [Path(active)] if active else [root / ".venv", root / "venv"]:
        found = _python_in(folder)
        if found is not None:
            return found
    return Path(sys.executable)


def _python_in(venv: Path) -> Path | None:
    names = ("bin/python", "Scripts/python.exe")
    return next((venv / name for name in names if (venv / name).exists()), None)


def _manage(root: Path) -> Path | None:
    """`manage.py` of the project: in its root, or in one folder below (`src/manage.py`)."""
    here = root / "manage.py"
    if here.is_file():
        return here
    below = sorted(root.glob("*/manage.py"))
    return below[0] if len(below) == 1 else None


# What can be wrong


def _no_settings(root: Path) -> Mistake:
    below = ", ".join(str(each.relative_to(root)) for each in sorted(root.glob("*/manage.py")))
    return Mistake(
        "no-settings-for-registry",
        root.name,
        f"no manage.py there, but {below}" if below else "no manage.py there or one folder below",
        "a manage.py, or the name of a settings module, to start the project with",
        "Give --settings NAME, or set DJANGO_SETTINGS_MODULE.",
    )


def _no_python(interpreter: Path, why: str) -> Mistake:
    return Mistake(
        "no-python-for-registry",
        str(interpreter),
        why,
        "the Python in which the project and its packages are installed",
        "Name it with --python PATH, or its environment with --venv FOLDER.",
    )


def _hangs(root: Path) -> Mistake:
    return Mistake(
        "project-start-hangs",
        root.name,
        f"the project had not started after {START_SECONDS} s",
        "a start that waits for nothing outside: models are imported, no command is run",
        "Find what waits, a database or a network call at import, or do without --registry.",
    )


def _no_answer(root: Path, interpreter: Path, printed: str) -> Mistake:
    last = "\n".join(printed.strip().splitlines()[-5:]) or "nothing at all"
    return Mistake(
        "project-gave-no-registry",
        root.name,
        f"{interpreter} ended without an answer, and printed\n{last}",
        "a project that starts as far as django.setup()",
        "Run `python manage.py check` with that Python, and mend what it says.",
    )


def _does_not_start(failure: Failure, root: Path, interpreter: Path) -> Mistake:
    error = failure.error
    file = Path(error.file)
    is_below = file.is_relative_to(root.resolve())
    shown = file.relative_to(root.resolve()) if is_below else file
    if error.type == "ModuleNotFoundError":
        remedy = f"Install it for {interpreter}, or name the project's Python with --python PATH."
    else:
        remedy = "Set what the project needs to start (see its own documents), then try again."
    return Mistake(
        "project-does-not-start",
        f"{shown}:{error.line}",
        f"{error.type}: {error.message}",
        f"a project that starts with {interpreter} as far as django.setup()",
        remedy,
    )
