"""What `ramet down` leaves of a system: its data and its logs, and nothing that runs."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from .conftest import Pair, alive, remove, wait_for

pytestmark = pytest.mark.timeout(240)


@dataclass
class Ended:
    """A system that ran, said "kept" to itself, and was put down; and what was known of it."""

    pair: Pair
    state: dict[str, Any]
    everybody: list[tuple[int, str]]
    said: str


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    """For tests that leave it as they found it: down, with its data."""
    pair = Pair(tmp_path_factory.mktemp("ended") / "system")
    try:
        state = pair.up()
        pair.get("/left/say/kept/")
        wait_for(lambda: "kept" in pair.get("/left/notes/")[1]["notes"], "the task ran")
        everybody = pair.everybody()
        yield Ended(pair, state, everybody, pair.ramet("down").stdout)
    finally:
        remove(pair)


def test_no_process_and_no_socket_is_left(ended: Ended) -> None:
    assert ended.said == "pair is down\n"
    assert len(ended.everybody) > 10
    assert alive(ended.everybody) == []
    assert not Path(ended.state["run_dir"]).exists()
    assert not ended.pair.folder.state.exists()
    assert [path for path in ended.pair.folder.path.rglob("*") if path.is_socket()] == []
    assert "not running" in ended.pair.ramet("down").stdout


def test_logs_can_still_be_read(ended: Ended) -> None:
    shown = ended.pair.ramet("logs", "right", "-n", "100").stdout
    assert "right-worker" in shown
    assert "left" not in {line.split("-")[0] for line in shown.splitlines()}


def test_two_systems_share_no_secret(running: Pair, ended: Ended) -> None:
    one, other = _secrets(running, running.state()), _secrets(ended.pair, ended.state)
    assert len(one) == len(other) >= 8
    assert not one & other
    for path in (ended.pair.root / ".ramet/secrets").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_another_start_keeps_data_and_migrates_nothing(ended: Ended) -> None:
    migrated = (ended.pair.folder.logs / "left-migrate.log").stat().st_size

    ended.pair.up()

    assert "kept" in ended.pair.get("/left/notes/")[1]["notes"]
    assert (ended.pair.folder.logs / "left-migrate.log").stat().st_size == migrated
    ended.pair.ramet("down")


def test_a_fresh_start_has_empty_databases(ended: Ended) -> None:  # last: it leaves no data
    ended.pair.up("--fresh")

    notes = ended.pair.get("/left/notes/")[1]["notes"]
    assert len(notes) == 1
    assert notes[0].startswith("demo ")
    ended.pair.ramet("down")


def _secrets(system: Pair, state: dict[str, Any]) -> set[str]:
    """Each password of a URL, and each line of a secret file but the frames of keys."""
    urls = [state["broker"], *state["brokers"].values(), *state["databases"].values()]
    found = {urlsplit(url).password or "" for url in urls}
    for path in (system.root / ".ramet/secrets").rglob("*"):
        if path.is_file() and path.suffix != ".crt":
            found |= {line for line in path.read_text().splitlines() if "-----" not in line}
    return found - {""}
