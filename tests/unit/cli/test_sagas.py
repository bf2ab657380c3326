"""`ramet sagas`: which databases it asks, and what it makes of their answers."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ramet.cli import _databases, main
from ramet.cli._databases import NOT_HERE


class Databases:
    """Stands for `manage.py ramet_sagas` of each service, by exit code and standard output."""

    def __init__(self, answers: dict[str, tuple[int, str]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, list[str]]] = []

    def run(self, service: str, *arguments: str, **_: Any) -> subprocess.CompletedProcess[str]:
        command, *rest = arguments
        assert command == "ramet_sagas"
        self.asked.append((service, rest))
        code, out = self.answers[service]
        return subprocess.CompletedProcess([], code, out, "")


def use(monkeypatch: pytest.MonkeyPatch, answers: dict[str, tuple[int, str]]) -> Databases:
    databases = Databases(answers)
    monkeypatch.setattr(_databases, "manage_as", databases.run)
    monkeypatch.setattr(
        _databases, "groups", lambda service, _: [service] if service else [*answers]
    )
    return databases


def test_json_of_several_services_is_one_list(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, {"orders": (0, '[{"id": "1"}]'), "shipping": (0, '[{"id": "2"}]')})
    assert main(["sagas", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"service": "orders", "id": "1"},
        {"service": "shipping", "id": "2"},
    ]


def test_a_run_is_looked_for_in_one_database_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    databases = use(monkeypatch, {"orders": (NOT_HERE, ""), "shipping": (0, ""), "users": (0, "")})
    assert main(["sagas", "resume", "7"]) == 0
    assert databases.asked == [("orders", ["resume", "7"]), ("shipping", ["resume", "7"])]


def test_a_run_that_no_database_has_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, {"orders": (NOT_HERE, "")})
    assert main(["sagas", "show", "7"]) == 1


def test_only_the_service_that_is_named_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    databases = use(monkeypatch, {"orders": (0, ""), "shipping": (0, "")})
    assert main(["sagas", "compensate", "7", "--service", "shipping", "--why", "fraud"]) == 0
    assert databases.asked == [("shipping", ["compensate", "7", "--why", "fraud"])]


@pytest.mark.parametrize(
    ("with_sagas", "asked"),
    [({"shipping"}, ["shipping"]), (set(), ["orders", "shipping"])],
    ids=["only those that have sagas", "all, if the last saga was deleted"],
)
def test_which_groups_are_asked(
    with_sagas: set[str], asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = {name: SimpleNamespace(apps=[name]) for name in ("orders", "shipping")}
    for name in services:
        (tmp_path / name).mkdir()
    for name in with_sagas:
        (tmp_path / name / "sagas.py").touch()
    databases = Databases(dict.fromkeys(services, (0, "")))
    system = SimpleNamespace(services=services, root=tmp_path)
    monkeypatch.setattr(_databases, "manage_as", databases.run)
    monkeypatch.setattr(_databases, "here", lambda: (system, tmp_path))
    monkeypatch.setattr(
        _databases, "running", lambda _: {"groups": {name: [name] for name in services}}
    )
    assert main(["sagas", "list"]) == 0
    assert [service for service, _ in databases.asked] == asked
