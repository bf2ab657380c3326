"""`ramet up` starts a whole system, and `down` leaves nothing of it."""

import json
import os
import shutil
import signal
import socket
import stat
from pathlib import Path

import psycopg
import pytest

from ramet.tools.local import processes

from .conftest import Pair, alive, wait_for

pytestmark = pytest.mark.timeout(240)


def test_two_services_serve_exchange_an_event_and_work_off_a_task(running: Pair) -> None:
    state = running.state()

    assert running.get("/left/")[1]["greeting"].startswith("left ")
    assert running.get("/right/")[1]["greeting"].startswith("right ")
    assert running.get("/left/say/hello/")[0] == 202
    wait_for(lambda: "hello" in running.get("/right/heard/")[1]["heard"], "the event arrived")
    wait_for(lambda: "hello" in running.get("/left/notes/")[1]["notes"], "the task ran")
    assert f"demo {state['demo_password']}" in running.get("/left/notes/")[1]["notes"]
    assert {(entry["service"], entry["role"]) for entry in state["processes"]} >= {
        ("postgres", "postgres"),
        ("nats", "broker"),
        ("envoy", "gateway"),
        ("left", "web"),
        ("left", "worker"),
        ("left", "celery"),
        ("right", "web"),
        ("right", "worker"),
    }


def test_a_monolith_is_one_group_without_a_broker(pair: Pair) -> None:
    state = pair.up("--as", "monolith")

    assert pair.get("/left/")[1]["pid"] == pair.get("/right/")[1]["pid"]
    assert pair.get("/left/say/hello/")[0] == 202
    wait_for(lambda: pair.get("/right/heard/")[1] == {"heard": ["hello"]}, "the event arrived")
    assert list(state["databases"]) == ["monolith"]
    assert "broker" not in {entry["role"] for entry in state["processes"]}


def test_status_as_json_gives_addresses_and_processes(running: Pair) -> None:
    status = json.loads(running.ramet("status", "--json").stdout)

    assert status["gateway"] == f"http://localhost:{running.port}"
    assert status["first_request_seconds"] > 0
    assert status["memory_mb"] > 0
    assert "databases" not in status, "passwords are nobody's business"
    for process in status["processes"]:
        assert {"service", "role", "pid", "state", "since"} <= set(process)
        assert process["state"] == "running"
        assert processes.started(process["pid"]) is not None


def test_a_second_up_says_that_it_is_running(running: Pair) -> None:
    state = running.state()

    for arguments in (["up"], ["up", "--detach"]):
        second = running.ramet(*arguments, check=False)
        assert second.returncode == 1
        assert "running already" in second.stderr
    assert running.state()["supervisor"] == state["supervisor"]


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM]
)
def test_a_signal_ends_everything_in_order(pair: Pair, number: signal.Signals) -> None:
    supervisor = pair.start()
    wait_for(lambda: pair.folder.state.exists() and pair.state()["ready"], "it serves")
    everybody = pair.everybody()

    supervisor.send_signal(number)
    output, _ = supervisor.communicate(timeout=60)

    assert supervisor.returncode == 0, output
    assert "first request served after" in output
    assert output.endswith("pair is down\n")
    assert alive(everybody) == []


def test_a_signal_while_it_starts_leaves_nothing(pair: Pair) -> None:
    supervisor = pair.start()
    wait_for(
        lambda: pair.folder.state.exists() and len(pair.state()["system_processes"]) > 3,
        "some processes run",
    )
    everybody = [(entry["pid"], entry["started"]) for entry in pair.state()["system_processes"]]

    supervisor.send_signal(signal.SIGINT)
    output, _ = supervisor.communicate(timeout=60)

    assert supervisor.returncode == 0, output
    wait_for(lambda: not alive(everybody), "they ended", within=10)
    assert not pair.folder.run.exists()


def test_what_is_private_is_closed_to_others(running: Pair) -> None:
    state = running.state()
    run = Path(state["run_dir"])

    assert stat.S_IMODE(running.folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert stat.S_IMODE(running.folder.state.stat().st_mode) == 0o600
    secrets = [path for path in running.folder.secrets.rglob("*") if not path.is_symlink()]
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in secrets}
    assert modes == {(False, 0o600), (True, 0o700)}
    sockets = [path for path in run.iterdir() if path.is_socket()]
    assert len(sockets) >= 6
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in sockets} == {
        path.name: 0o600 for path in sockets if not path.name.startswith(".s.PGSQL")
    } | {path.name: 0o777 for path in sockets if path.name.startswith(".s.PGSQL")}


def test_a_service_cannot_open_the_database_of_another(running: Pair) -> None:
    databases = running.state()["databases"]

    with psycopg.connect(databases["left"]) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("left",)
    for other in ("right", "postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(databases["left"].replace("/left?", f"/{other}?"))


def test_only_starts_the_named_services(pair: Pair) -> None:
    state = pair.up("--only", "right")

    assert list(state["databases"]) == ["right"]
    assert pair.get("/right/")[0] == 200
    assert pair.get("/left/")[0] in (404, 503)


def test_a_taken_port_is_named_with_its_holder(pair: Pair) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", pair.port))
        holder.listen()
        failed = pair.ramet("up", check=False)

    assert failed.returncode == 1
    assert f"port {pair.port} is taken by" in failed.stderr
    assert f"(pid {os.getpid()}, " in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not pair.folder.run.exists()


def test_a_taken_port_of_the_dashboard_is_told_to_who_asked_for_the_prompt_back(
    pair: Pair,
) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", pair.port + 1))
        holder.listen()
        done = pair.ramet("up", "--detach")

    assert "without its dashboard" in done.stdout
    assert f"port {pair.port + 1} is taken by" in done.stdout
    assert pair.state()["dashboard"] is None
    assert pair.get("/left/")[0] == 200


def test_what_runs_can_be_seen_and_stopped_whatever_ramet_toml_says_by_now(pair: Pair) -> None:
    pair.up()
    everybody = pair.everybody()
    pair.write("ramet.toml", "[system\nname =")

    assert "left" in pair.ramet("status").stdout
    assert "left-worker" in pair.ramet("logs", "left").stdout
    assert pair.ramet("down").stdout == "pair is down\n"
    assert alive(everybody) == []


def test_a_system_whose_folder_was_removed_ends_by_itself(pair: Pair) -> None:
    pair.up()
    everybody = pair.everybody()

    shutil.rmtree(pair.folder.path)

    wait_for(lambda: not alive(everybody), "every process ended")
    assert not pair.folder.run.exists()


def test_several_web_processes_share_the_requests(running: Pair) -> None:

    running.ramet("scale", "left=2")
    seen = wait_for(
        lambda: len(found := {running.get("/left/")[1]["pid"] for _ in range(20)}) == 2 and found,
        "both answer",
    )
    assert len(seen) == 2

    running.ramet("scale", "left=1")
    statuses = {running.get("/left/")[0] for _ in range(20)}
    assert statuses == {200}
    assert len({running.get("/left/")[1]["pid"] for _ in range(20)}) == 1


def test_requests_in_hand_are_finished_before_a_service_restarts(running: Pair) -> None:
    import threading

    answers = []
    request = threading.Thread(target=lambda: answers.append(running.get("/left/slow/")))
    request.start()
    running.ramet("restart", "left")
    request.join()

    assert answers == [(200, "done")]


def test_manage_runs_in_the_service_and_on_its_database(running: Pair) -> None:
    code = "from django.db import connection as c; c.ensure_connection(); print(c.info if 0 else "
    shown = running.ramet(
        "manage", "right", "--", "shell", "--no-imports", "-c", code + "c.settings_dict['NAME'])"
    )
    assert shown.stdout.strip().endswith("right")
    failed = running.ramet("manage", "right", "--", "no-such-command", check=False)
    assert failed.returncode == 1
    unknown = running.ramet("manage", "nobody", "--", "check", check=False)
    assert unknown.returncode == 2
    assert "left, right" in unknown.stderr


@pytest.mark.parametrize("command", [("restart", "nobody"), ("scale", "nobody=2")])
def test_a_service_that_does_not_run_is_named_with_those_that_do(
    running: Pair, command: tuple[str, str]
) -> None:
    done = running.ramet(*command, check=False)
    assert done.returncode != 0
    assert "unknown-service" in done.stderr
    assert "left, right" in done.stderr
