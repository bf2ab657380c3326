"""A throw-away environment for a real project, and what Django's registry says in it.

Everything is kept in one folder outside the repository (`RAMET_TRUTH`, else one in the machine's
folder for temporary files), so that a second run installs and imports nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

import ramet.tools.assess.evidence as evidence
from ramet.tools.assess.evidence.registered import Registry
from tests.assess.truth.projects import RealProject

__all__ = [
    "OWN_SETTINGS",
    "ProjectUnavailable",
    "beside",
    "cache_folder",
    "registry_of",
    "source_of",
    "truth_of",
    "venv_of",
]

PROBE = Path(evidence.__file__).with_name("probe.py")
OWN_SETTINGS = "truth_settings"
INSTALL_SECONDS = 900
PROBE_SECONDS = 300


class ProjectUnavailable(Exception):
    """The project cannot be installed here, or does not start. It says why."""


def cache_folder() -> Path:
    """Where environments and truths are kept. Delete it, and the next run makes all of it anew."""
    default = Path(tempfile.gettempdir()) / "ramet-truth"
    return Path(os.environ.get("RAMET_TRUTH", default))


def truth_of(project: RealProject) -> dict[str, Any]:
    """What the probe of `--registry` says of the project; from the cache where it is the same."""
    folder = _folder(project)
    out = folder / "truth.json"
    mark = folder / "truth.key"
    key = _key(project)
    if not (out.exists() and mark.exists() and mark.read_text() == key):
        venv_of(project)
        _probe(project, folder, out)
        answer = json.loads(out.read_text())
        if answer["answer"] == "failure":
            raise ProjectUnavailable(
                f"{project.name} does not start\n{answer['error']['traceback']}"
            )
        mark.write_text(key)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def registry_of(project: RealProject) -> Registry:
    """The same, as `--registry` reads it."""
    truth_of(project)
    return msgspec.json.decode((_folder(project) / "truth.json").read_bytes(), type=Registry)


def source_of(project: RealProject) -> Path:
    """A folder with the project's own packages alone, as a checkout of it has them."""
    venv_of(project)
    root = _folder(project) / "source" / project.name
    if not root.exists():
        partial = root.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        for package in project.packages:
            shutil.copytree(
                _site_packages(project) / package,
                partial / package,
                ignore=shutil.ignore_patterns("__pycache__", "node_modules"),
            )
        partial.rename(root)
    return root


def venv_of(project: RealProject) -> Path:
    """The virtual environment, with the project installed."""
    folder = _folder(project)
    venv = folder / "venv"
    mark = folder / "installed"
    wanted = json.dumps([project.python, project.requirements, project.left_out])
    if mark.exists() and mark.read_text() == wanted:
        return venv
    folder.mkdir(parents=True, exist_ok=True)
    # A requirement that holds on no Python is left out by uv, whoever asks for it.
    overrides = folder / "left-out.txt"
    overrides.write_text("".join(f'{each}; python_version < "3"\n' for each in project.left_out))
    uv = str(Path(sys.executable).with_name("uv"))
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", _python(project.python), str(venv)],
        [
            *(uv, "pip", "install", "--quiet", "--python", str(venv / "bin/python")),
            *("--override", str(overrides)),
            *project.requirements,
        ],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
        if done.returncode:
            raise ProjectUnavailable(f"{project.name} cannot be installed\n{done.stderr[-2000:]}")
    mark.write_text(wanted)
    return venv


def beside(project: RealProject) -> Path:
    """The folder with what whoever installs the project writes for it: settings, for one."""
    folder = _folder(project) / "beside"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in project.files.items():
        (folder / name).write_text(text)
    if project.own_settings:
        (folder / f"{OWN_SETTINGS}.py").write_text(project.own_settings)
    return folder


def _probe(project: RealProject, folder: Path, out: Path) -> None:
    work = beside(project)
    clean = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
    done = subprocess.run(
        [
            *(str(folder / "venv/bin/python"), str(PROBE), "--out", str(out)),
            # The copy of the source comes first, so that every place is one of the scanned files.
            *("--path", str(source_of(project) / project.path), "--path", str(source_of(project))),
            *("--path", str(work)),
        ],
        cwd=work,
        env=clean
        | {
            "DJANGO_SETTINGS_MODULE": project.settings or OWN_SETTINGS,
            "TRUTH_FOLDER": str(work),
        }
        | project.environment,
        capture_output=True,
        text=True,
        timeout=PROBE_SECONDS,
    )
    if done.returncode:
        raise ProjectUnavailable(f"{project.name} does not start\n{done.stderr[-4000:]}")


def _key(project: RealProject) -> str:
    said = repr(project) + PROBE.read_text()
    return hashlib.sha256(said.encode()).hexdigest()


def _folder(project: RealProject) -> Path:
    return cache_folder() / project.name


def _site_packages(project: RealProject) -> Path:
    return next((_folder(project) / "venv/lib").glob("python3*/site-packages"))


def _python(version: str) -> str:
    """The interpreter of that version here, of pyenv or on the path; uv finds it else."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(pyenv.glob(f"{version}.*/bin/python"))
    return str(found[-1]) if found else version
