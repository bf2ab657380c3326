"""`ramet up`: what brings gateway and supervisor together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ramet.cli import up
from ramet.cli._issuer import ForeignIssuer
from ramet.system import Gateway, Infrastructure, Policy, Switches, System
from ramet.tools import gateway
from ramet.tools.local.folder import Folder


class Overtaken:
    """A lock that somebody else always gets first."""

    def __init__(self) -> None:
        self.somebody: Callable[[], None] | None = None

    def __enter__(self) -> None:
        somebody, self.somebody = self.somebody, None
        if somebody is not None:
            somebody()

    def __exit__(self, *_: object) -> None:
        pass


def test_a_new_answer_of_the_issuer_does_not_bring_endpoints_back_that_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = System(
        name="t",
        settings="tests.settings",
        services={},
        gateway=Gateway(issuer="https://id.example"),
        infrastructure=Infrastructure(),
        path=tmp_path / "ramet.toml",
    )
    lock = Overtaken()
    changed: list[Callable[[], None]] = []
    written: list[Any] = []
    monkeypatch.setattr(ForeignIssuer, "keep_asking", lambda self, then: changed.append(then))
    monkeypatch.setattr(gateway, "compile", lambda system, groups, topology, *_: topology.endpoints)
    monkeypatch.setattr(gateway, "write", lambda folder, files: written.append(files))
    monkeypatch.setattr(up, "Lock", lambda: lock)
    made = up._gateway(system, (), Folder(tmp_path))

    def write(socket: str) -> None:
        made.write({"orders": [Path(socket)]}, Policy(), Switches())

    write("/run/old.sock")
    lock.somebody = lambda: write("/run/new.sock")
    changed[0]()
    assert written[1:] == [{"orders": ["/run/new.sock"]}] * 2
