"""What the nemesis keeps of a shop when it fails, tried on one that is quickly made."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.nemesis.evidence import Evidence
from tests.acceptance.nemesis.shaken_shop import ShakenShop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShakenShop]:
    """A shop of which a process sleeps, another one is gone, and no database answers."""
    made = ShakenShop(tmp_path / "shop", "services")
    logs = made.folder / ".ramet" / "log"
    logs.mkdir(parents=True)
    (logs / "orders-web.log").write_text("the last words of orders\n")
    made.supervisor_log.write_text("the last words of the supervisor\n")
    sleeping = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    made._up = sleeping
    common = {"role": "web", "since": "2026-01-01T00:00:00Z", "note": "", "state": "running"}
    state = {
        "processes": [
            {**common, "name": "orders-web", "pid": sleeping.pid},
            {**common, "name": "users-web", "pid": gone.pid},
        ],
        "databases": {"orders": "postgresql://127.0.0.1:1/orders"},
        "system_processes": [{"pid": gone.pid}],
    }
    (made.folder / ".ramet" / "state.json").write_text(json.dumps(state))
    yield made
    sleeping.kill()
    sleeping.wait()
    made.clocks.remove()


def test_a_failure_tells_what_was_missing_and_keeps_the_rest(
    shop: ShakenShop, tmp_path: Path
) -> None:
    evidence = Evidence(shop, "17", tmp_path / "kept")
    evidence.known.append(lambda: ["  31.0  kill users-web"])
    with pytest.raises(AssertionError) as caught, evidence:
        raise AssertionError("not settled")

    [told] = caught.value.__notes__
    assert "31.0  kill users-web" in told
    assert "users-web is running" in told
    assert ", which is gone" in told
    assert "orders-web is" not in told
    assert "orders-web /readyz: None" in told
    assert "gateway /api/v1/orders/: None" in told
    assert "a database cannot be reached" in told
    [folder] = (tmp_path / "kept").iterdir()
    assert str(folder) in told
    assert (folder / "orders-web.log").read_text() == "the last words of orders\n"
    assert (folder / "supervisor.log").read_text() == "the last words of the supervisor\n"
    assert "time.sleep(60)" in (folder / "processes.txt").read_text()
    assert "31.0  kill users-web" in (folder / "known.txt").read_text()
    assert "cannot be read" in (folder / "rows-of-orders.txt").read_text()


def test_a_failure_before_there_is_anything_is_still_told(tmp_path: Path) -> None:
    shop = ShakenShop(tmp_path / "shop", "services")
    with pytest.raises(AssertionError) as caught, Evidence(shop, "up", tmp_path / "kept"):
        raise AssertionError("not up")
    assert "processes.txt cannot be had" in caught.value.__notes__[0]
    shop.clocks.remove()


def test_a_timeout_of_the_test_keeps_it_too(
    pytester: pytest.Pytester, shop: ShakenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))  # for `tests`
    pytester.makepyfile(
        f"""
        import time
        from pathlib import Path
        import pytest
        from tests.acceptance.nemesis.evidence import Evidence
        from tests.acceptance.nemesis.shaken_shop import ShakenShop

        @pytest.mark.timeout(1)
        def test_that_hangs():
            shop = ShakenShop(Path({str(shop.folder)!r}), "services")
            shop.clocks.remove()
            with Evidence(shop, "1", Path("kept")):
                time.sleep(60)
        """
    )
    said = pytester.runpytest_subprocess("-p", "no:cacheprovider").stdout.str()
    assert "Timeout" in said
    assert "orders-web /readyz: None" in said
    assert "the last words of orders\n" in [
        file.read_text() for file in pytester.path.glob("kept/*/orders-web.log")
    ]
