"""Each example's README does what it says: its `sh` block is run in a copy of its folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", sorted(p.parent.name for p in EXAMPLES.glob("*/README.md")))
def test_an_example_prints_what_its_readme_says(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("*.sqlite3*"))
    blocks = dict(BLOCK.findall((folder / "README.md").read_text()))
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "RAMET_"))}
    done = subprocess.run(
        ["bash", "-euc", blocks["sh"]],
        cwd=folder,
        env=clean | {"PATH": f"{Path(sys.executable).parent}:{clean['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert blocks["text"].strip() in done.stdout, done.stdout + done.stderr
