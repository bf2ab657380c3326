"""`ramet replicas`: which services it asks, and what it makes of their answers."""

import json
import subprocess
from typing import Any

import pytest

from ramet.cli import _databases, main, replicas
from ramet.cli._databases import NOT_HERE


class Services:
    """Stands for `manage.py ramet_replicas` of each service, by exit code and standard output."""

    def __init__(self, answers: dict[str, tuple[int, str]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, list[str]]] = []

    def run(self, service: str, *arguments: str, **_: Any) -> subprocess.CompletedProcess[str]:
        command, *rest = arguments
        assert command == "ramet_replicas"
        self.asked.append((service, rest))
        code, out = self.answers[service]
        return subprocess.CompletedProcess([], code, out, "")


def use(monkeypatch: pytest.MonkeyPatch, answers: dict[str, tuple[int, str]]) -> Services:
    services = Services(answers)
    monkeypatch.setattr(_databases, "manage_as", services.run)
    monkeypatch.setattr(
        _databases, "groups", lambda service, _: [service] if service else [*answers]
    )
    return services


def test_json_of_several_services_is_one_list_and_the_worst_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, {"orders": (1, '[{"differences": 2}]'), "users": (0, '[{"differences": 0}]')})
    assert main(["replicas", "audit", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {"service": "orders", "differences": 2},
        {"service": "users", "differences": 0},
    ]


def test_a_replica_is_looked_for_in_one_service_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = use(monkeypatch, {"users": (NOT_HERE, ""), "orders": (0, ""), "more": (0, "")})
    assert main(["replicas", "rebuild", "orders.Product", "--no-wait"]) == 0
    arguments = ["rebuild", "orders.Product", "--no-wait"]
    assert services.asked == [("users", arguments), ("orders", arguments)]


def test_a_replica_that_no_service_has_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, {"orders": (NOT_HERE, ""), "users": (NOT_HERE, "")})
    assert main(["replicas", "audit", "orders.Film"]) == 1


def test_only_the_service_that_is_named_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    services = use(monkeypatch, {"orders": (0, ""), "users": (0, "")})
    assert main(["replicas", "list", "--service", "users"]) == 0
    assert services.asked == [("users", ["list"])]


def test_an_audit_without_names_asks_all(monkeypatch: pytest.MonkeyPatch) -> None:
    services = use(monkeypatch, {"orders": (0, ""), "users": (1, "")})
    assert main(["replicas", "audit", "--settle", "0"]) == 1
    assert [service for service, _ in services.asked] == ["orders", "users"]


class Libraries(Services):
    """Each has the replicas of its own label alone."""

    def run(self, service: str, *arguments: str, **_: Any) -> subprocess.CompletedProcess[str]:
        replica = arguments[2]
        self.asked.append((service, [replica]))
        if not replica.startswith(service):
            return subprocess.CompletedProcess([], NOT_HERE, "", f"no {replica}\n")
        code = 1 if replica == "orders.Product" else 0
        out = json.dumps([{"replica": replica}]) if "--json" in arguments else ""
        return subprocess.CompletedProcess([], code, out, "")


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> Libraries:
    services = Libraries({})
    monkeypatch.setattr(_databases, "manage_as", services.run)
    monkeypatch.setattr(replicas, "manage_as", services.run)
    monkeypatch.setattr(_databases, "groups", lambda *_: ["users", "orders"])
    return services


def test_replicas_of_different_services_are_audited_together(libraries: Libraries) -> None:
    assert main(["replicas", "audit", "orders.Product", "users.Order"]) == 1
    assert libraries.asked == [
        ("users", ["orders.Product"]),
        ("orders", ["orders.Product"]),
        ("users", ["users.Order"]),
    ]


def test_replicas_of_different_services_are_one_list_as_json(
    libraries: Libraries, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replicas", "audit", "orders.Product", "users.Order", "--json"]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out) == [
        {"service": "orders", "replica": "orders.Product"},
        {"service": "users", "replica": "users.Order"},
    ]
    assert told.err == ""


def test_a_replica_that_nobody_has_is_told_beside_the_others(
    libraries: Libraries, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replicas", "audit", "films.Film", "users.Order", "--json"]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out) == [{"service": "users", "replica": "users.Order"}]
    assert told.err == "no films.Film\n"
