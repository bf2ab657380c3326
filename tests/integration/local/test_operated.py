"""What an operator does to a running system: stop and start, faults, and what can be asked."""

import json
import os
import time

from ramet.tools.local import control
from tests.integration.local.conftest import Pair, kill, wait_for


def ask(pair: Pair, command: str, **arguments: object) -> dict[str, object]:
    return control.ask(pair.folder.control, {"command": command, **arguments})


def test_what_was_just_started_is_served(running: Pair) -> None:
    assert (running.get("/left/")[0], running.get("/right/")[0]) == (200, 200)


def test_a_stopped_service_stays_stopped_and_the_mesh_says_so(running: Pair) -> None:
    running.ramet("scale", "right=2")
    before = running.pids()
    running.ramet("stop", "right")
    try:
        states = {
            each["name"]: each["state"]
            for each in running.state()["processes"]
            if each["service"] == "right"
        }
        assert set(states.values()) == {"stopped"}
        assert "right-web-2" in states
        assert running.state()["stopped"] == ["right"]
        status, answer = running.get("/right/")
        assert status == 503
        assert answer["detail"] == "No process of right runs, as its operator has it."
        assert running.get("/left/")[0] == 200
        # A file is saved: the service is stopped all the same.
        os.utime(running.root / "pair" / "right" / "views.py")
        refused = running.ramet("scale", "right=1", check=False)
        assert refused.returncode == 1
        assert "`ramet start right`" in refused.stderr
        assert running.get("/right/")[0] == 503
        # Asked without a web process: its database is there, and so is its code.
        assert "to be sent" in running.ramet("events", "lag", "--service=right").stdout
    finally:
        running.ramet("start", "right")
    assert running.get("/right/")[0] == 200
    assert running.state()["stopped"] == []
    after = running.pids()
    assert all(after[name] not in (None, before[name]) for name in states)
    running.ramet("scale", "right=1")


def test_restarting_what_is_stopped_starts_it(running: Pair) -> None:
    running.ramet("stop", "right")
    running.ramet("restart", "right")
    assert running.get("/right/")[0] == 200


def test_a_killed_process_is_told_with_its_signal_and_a_restart_as_one(running: Pair) -> None:
    running.ramet("restart", "left")
    kill(running.pids()["left-web"])

    def endings() -> list[str]:
        return [each["reason"] for each in running.process("left-web")["endings"][-2:]]

    wait_for(lambda: endings() == ["restarted as asked", "was ended by SIGKILL"], "both are told")
    # Until it is started again it has no time of a start.
    wait_for(lambda: running.process("left-web")["started_at"], "it is back")
    process = running.process("left-web")
    assert process["started_at"] > process["endings"][-1]["at"]
    wait_for(lambda: running.get("/left/")[0] == 200, "it serves")


def test_faults_are_on_until_they_are_off(running: Pair) -> None:
    running.ramet("fault", "left", "--status", "503")
    wait_for(lambda: running.get("/left/")[0] == 503, "left fails")
    assert running.ramet("fault").stdout == "left: fails with 503\n"
    assert running.state()["faults"][0]["status"] == 503
    running.ramet("fault", "left", "--delay", "300ms")

    def seconds() -> float:
        began = time.monotonic()
        assert running.get("/left/")[0] in (200, 503)
        return time.monotonic() - began

    wait_for(lambda: running.get("/left/")[0] == 200 and seconds() >= 0.3, "left is slow")
    ask(running, "fault", service="right", gone=True)
    running.ramet("fault", "--off")
    wait_for(lambda: seconds() < 0.3, "left is as it was")
    assert running.state()["faults"] == []


def test_a_fault_that_cannot_be_is_refused_with_what_can(running: Pair) -> None:
    refused = running.ramet("fault", "left", "--status", "418", check=False)
    assert refused.returncode == 1
    assert "one of 429, 500, 502, 503, 504" in refused.stderr
    for service, fault, expected in (
        ("left", {}, "a delay, a status, or gone"),
        ("left", {"gone": True, "delay": 1}, "one of them"),
        ("left", {"delay": 1, "share": 0}, "1% to 100%"),
        ("left.reserve", {"gone": True}, "a service with operations"),
        ("nobody", {"gone": True}, "one of left, right"),
        (None, {"gone": True}, "no such request"),
    ):
        assert expected in ask(running, "fault", service=service, **fault)["error"]
    assert running.state()["faults"] == []


def test_the_environment_is_shown_without_a_secret(running: Pair) -> None:
    answer = ask(running, "environment", service="left")
    shown = {each["name"]: each for each in answer["environment"]}
    assert shown["RAMET_SERVICES"]["value"] == "left"
    assert shown["RAMET_SECRET_KEY"]["is_masked"]
    assert shown["RAMET_DATABASE_URL"]["value"].startswith("postgresql://")
    text = json.dumps(answer)
    state = running.state()
    passwords = [url.split("@")[0].rpartition(":")[2] for url in state["databases"].values()]
    files = [path for path in running.folder.secrets.iterdir() if path.is_file()]
    secrets = [*passwords, *(path.read_text().strip() for path in files)]
    assert len(secrets) > 3
    assert not [secret for secret in secrets if secret in text]


def test_only_commands_of_ramets_own_are_answered(running: Pair) -> None:
    answer = ask(running, "manage", service="left", arguments=["ramet_events", "lag", "--json"])
    assert answer["status"] == 0
    assert json.loads(answer["stdout"])["unsent"] == 0
    refused = ask(running, "manage", service="left", arguments=["shell", "-c", "1"])
    assert "a command whose name begins with ramet_" in refused["error"]
    wrong = ask(running, "manage", service="left", arguments=["ramet_events", "no"])
    assert wrong["status"] == 2
    assert "invalid choice" in wrong["stderr"]
    assert not list(running.folder.run.glob("*manage*"))
