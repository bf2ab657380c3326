"""docs/quickstart.md, run as written in a fresh clone without an environment.

Every `sh` block is run by bash, in order, in one shell; `make up` in a terminal of its own. A
`text` block right after a command is what it must print; an ellipsis stands for anything.
"""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ramet.tools.local.folder import Folder

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """Return (language, text) of every block of the quickstart, in order."""
    return BLOCK.findall((ROOT / "docs" / "quickstart.md").read_text())


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone of what is committed, and nothing else."""
    for port in (8000, 8001):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                pytest.fail(f"port {port} is taken, and the quickstart needs it: `make down` first")
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(tmp_path / "ramet")], check=True)
    return tmp_path / "ramet"


@pytest.fixture
def shell(clone: Path) -> Iterator["Terminal"]:
    terminal = Terminal(clone)
    try:
        yield terminal
    finally:
        terminal.close()


class Terminal:
    """A bash that is fed one block at a time, and a second one in which `make up` stays."""

    def __init__(self, folder: Path) -> None:
        # Nothing of this test's own environment: no virtual environment, no settings.
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("RAMET_", "DJANGO_", "VIRTUAL_"))
        }
        own_venv = str(ROOT / ".venv")
        kept["PATH"] = ":".join(p for p in kept["PATH"].split(":") if not p.startswith(own_venv))
        self.environment, self.folder = kept, folder
        self.up_log = folder.parent / "up.log"
        self.system: subprocess.Popen[bytes] | None = None
        self.bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=kept,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, commands: str) -> str:
        """Run a block; return what it printed. Fails on an exit code other than 0."""
        assert self.bash.stdin is not None
        assert self.bash.stdout is not None
        self.bash.stdin.write(f'{{\n{commands}\n}} 2>&1; echo "__done__ $?"\n')
        self.bash.stdin.flush()
        printed = ""
        for line in self.bash.stdout:
            done = re.search(r"__done__ (\d+)$", line.strip())
            if done:
                printed += line[: line.index("__done__")]
                assert done.group(1) == "0", f"{commands}\nexited {done.group(1)}:\n{printed}"
                return printed
            printed += line
        raise AssertionError(f"bash ended during:\n{commands}\n{printed}")

    def up(self) -> None:
        """`make up` in its own terminal; returns when it says that the system is ready."""
        with self.up_log.open("wb") as log:
            self.system = subprocess.Popen(
                ["make", "up"],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 300
        while " is up" not in self.up_log.read_text():
            assert self.system.poll() is None, f"make up ended:\n{self.up_log.read_text()}"
            assert time.monotonic() < deadline, f"make up took too long:\n{self.up_log.read_text()}"
            time.sleep(0.2)

    def interrupt(self) -> None:
        """Ctrl-C in the terminal of `make up`."""
        if self.system is not None and self.system.poll() is None:
            os.killpg(self.system.pid, signal.SIGINT)
            self.system.wait(timeout=60)

    def close(self) -> None:
        if self.bash.stdin is not None:
            self.bash.stdin.close()
        self.bash.wait(timeout=60)
        self.interrupt()
        Folder(self.folder / "shop").forget()


def matches(expected: str, printed: str) -> bool:
    """Whether the expected words were printed; white space counts as one blank."""
    parts = [re.escape(" ".join(part.split())) for part in expected.split("…")]
    return re.search(".*?".join(parts), " ".join(printed.split())) is not None


@pytest.mark.timeout(600)
def test_the_quickstart_does_what_it_says(shell: Terminal) -> None:
    printed, commands = "", ""
    for language, text in blocks():
        if language == "text":
            assert matches(text, printed), (
                f"after\n{commands}\nexpected:\n{text}\nfound:\n{printed}"
            )
        elif text.strip() == "make up":
            shell.up()
            printed, commands = shell.up_log.read_text(), text
        else:
            printed, commands = shell.run(text), text
    shell.interrupt()
