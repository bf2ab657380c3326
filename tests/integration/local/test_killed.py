"""Whatever is killed comes back; when the supervisor is killed, nothing stays."""

import threading
from typing import Any

import pytest

from ramet.tools.local import processes

from .conftest import Pair, alive, kill, wait_for

pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize(
    "name",
    ["left-web", "left-worker", "left-celery", "postgres", "nats", "envoy", "dashboard"],
)
def test_a_killed_process_is_back_at_once(running: Pair, name: str) -> None:
    before = running.process(name)
    kill(before["pid"])

    wait_for(
        lambda: (
            (now := running.process(name))["pid"] not in (None, before["pid"])
            and now["state"] == "running"
        ),
        f"{name} runs again",
    )
    _works(running, f"after {name}")
    assert f"{name} was ended by SIGKILL" in running.said()


def test_the_worker_inside_a_web_process_may_be_killed_too(running: Pair) -> None:
    before = running.get("/left/")[1]["pid"]
    kill(before)

    wait_for(
        lambda: (got := running.get("/left/"))[0] == 200 and got[1]["pid"] != before,
        "another process answers",
    )
    _works(running, "after the inner worker")


def test_a_killed_zygote_takes_its_children_and_all_come_back(running: Pair) -> None:
    state = running.state()
    children = {name: pid for name, pid in running.pids().items() if name.startswith("left-")}
    zygote = _zygote_of(children["left-web"])
    kill(zygote)

    def is_back() -> Any:
        now = {name: running.pids()[name] for name in children}
        return None not in now.values() and not set(now.values()) & set(children.values())

    wait_for(is_back, "all of its processes are new")
    _works(running, "after the zygote")
    assert running.process("right-web")["pid"] == _pid(state, "right-web")


def test_a_zygote_killed_in_the_middle_of_a_restart_holds_nothing_up(running: Pair) -> None:
    """The worker that the restart waits for is to be forked from the zygote that has ended."""
    before = running.pids()["left-web"]
    restart = threading.Thread(target=lambda: running.ramet("restart", "left"), daemon=True)
    restart.start()
    wait_for(lambda: running.pids()["left-web"] not in (None, before), "a new web process")
    kill(_zygote_of(running.pids()["left-web"]))

    restart.join(90)
    assert not restart.is_alive()
    _works(running, "after the restart")
    running.ramet("restart", "left")
    _works(running, "after another one")


def test_a_killed_fork_server_disturbs_nobody(running: Pair) -> None:
    before = running.pids()
    parents = {_zygote_of(before["left-web"]), _zygote_of(before["right-web"])}
    servers = [
        entry["pid"]
        for entry in running.state()["system_processes"]
        if entry["pid"] not in before.values() and entry["pid"] not in parents
    ]
    assert len(servers) == 1
    kill(servers[0])

    wait_for(lambda: "the fork server ended" in running.said(), "it is reported")
    _works(running, "without fork server")
    assert running.pids() == before
    running.ramet("restart", "left")  # needs the new fork server
    _works(running, "with the new fork server")


def test_when_the_supervisor_is_killed_nothing_stays_and_up_works_again(pair: Pair) -> None:
    state = pair.up()
    everybody = pair.everybody()
    kill(state["supervisor"]["pid"])

    wait_for(lambda: not alive(everybody), "all processes ended by themselves", within=20)
    assert "is not running" in pair.ramet("status", check=False).stdout

    pair.up()
    _works(pair, "after a new start")


def test_down_cleans_up_after_a_killed_supervisor(pair: Pair) -> None:
    state = pair.up()
    everybody = pair.everybody()
    kill(state["supervisor"]["pid"])

    pair.ramet("down")

    assert alive(everybody) == []
    assert not pair.folder.run.exists()
    assert not pair.folder.state.exists()


def test_a_process_that_keeps_ending_is_reported_and_the_others_go_on(pair: Pair) -> None:
    pair.up()
    # The worker process loads its loops only when it is forked; so this reaches it alone.
    for _ in range(5):
        pid = wait_for(lambda: pair.process("left-worker")["pid"], "a worker runs")
        if processes.started(pid):
            kill(pid)
        wait_for(lambda pid=pid: pair.process("left-worker")["pid"] != pid, "it ended")

    wait_for(lambda: "the next attempt is in" in pair.said(), "the back-off is reported")
    assert "left-worker.log" in pair.said()
    assert pair.get("/left/")[0] == 200
    wait_for(lambda: pair.process("left-worker")["state"] == "running", "it is tried again")


def _works(pair: Pair, text: str) -> None:
    text = text.replace(" ", "-")
    wait_for(lambda: pair.get(f"/left/say/{text}/")[0] == 202, "the request is accepted")
    wait_for(lambda: text in pair.get("/right/heard/")[1]["heard"], "the event arrived")
    wait_for(lambda: text in pair.get("/left/notes/")[1]["notes"], "the task ran")


def _zygote_of(pid: int | None) -> int:
    import psutil

    assert pid is not None
    return psutil.Process(pid).ppid()


def _pid(state: dict[str, Any], name: str) -> int:
    return next(entry["pid"] for entry in state["processes"] if entry["name"] == name)
