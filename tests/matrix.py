"""`make test-all`: the whole suite on every Python and Django that can be had on this machine.

Each pair gets an environment of its own, `.venv-py3.12-dj6.0`, from the same lock, in which only
Django is exchanged.
Django's support of Python versions is that of its release notes: 6.x needs Python 3.12.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
DJANGOS = {"5.2": (3, 11), "6.0": (3, 12), "6.1": (3, 12)}
UV = str(Path(sys.executable).with_name("uv"))


def run(*command: str, cwd: Path = ROOT) -> int:
    print("$", *command, flush=True)
    return subprocess.run(command, cwd=cwd, check=False).returncode


def environment(python: str, django: str) -> Path:
    """Make the environment of one pair and return its Python."""
    folder = ROOT / f".venv-py{python}-dj{django}"
    interpreter = folder / "bin" / "python"
    steps = [
        (UV, "venv", "--quiet", "--allow-existing", "--python", f"python{python}", str(folder)),
        (UV, "pip", "sync", "--quiet", "--python", str(interpreter), "requirements/dev.txt"),
        (UV, "pip", "install", "--quiet", "--python", str(interpreter), f"django~={django}.0"),
        (UV, "pip", "install", "--quiet", "--python", str(interpreter), "--no-deps", "-e", "."),
    ]
    for step in steps:
        if run(*step) != 0:
            sys.exit(f"no environment for Python {python} with Django {django}: see above")
    return interpreter


def main() -> None:
    offered = [python for python in PYTHONS if shutil.which(f"python{python}")]
    failed = []
    for python in offered:
        for django, least in DJANGOS.items():
            if tuple(map(int, python.split("."))) < least:
                continue
            interpreter = environment(python, django)
            pytest = str(interpreter.with_name("pytest"))
            if run(pytest) | run(pytest, cwd=ROOT / "shop"):
                failed.append(f"Python {python}, Django {django}")
    missing = ", ".join(sorted(set(PYTHONS) - set(offered))) or "none"
    print(f"ran on Python {', '.join(offered)}; not offered here: {missing}")
    if failed:
        sys.exit("failed: " + "; ".join(failed))


if __name__ == "__main__":
    main()
