"""Certificates of a running system: what happens where Envoy does not go along."""

import asyncio
from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.system import Gateway, Infrastructure, Service, System, placement
from ramet.tools.local import envoy, mesh_certificates
from ramet.tools.local.folder import Folder
from ramet.tools.local.mesh_certificates import MeshCertificates
from ramet.tools.local.plan import Plan


def test_no_authority_signs_that_envoy_does_not_believe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its certificates would be refused: by everybody, at once."""
    monkeypatch.setattr(mesh_certificates, "_TAKEN_UP_SECONDS", 0.2)
    system = System(
        name="shop",
        settings="shop.settings",
        services={"orders": Service("orders", apps=("shop.orders",))},
        gateway=Gateway(),
        infrastructure=Infrastructure(),
        path=tmp_path / "ramet.toml",
    )
    nobody = envoy.Gateway((), tmp_path / "nobody.sock", lambda *_: None)
    plan = Plan(system, placement(system, "services"), "services", nobody)
    found = MeshCertificates(plan, Folder(tmp_path), lambda _: None)
    found.renew()
    before = found.as_json()
    with pytest.raises(DiagnosticError, match="authority-not-believed"):
        asyncio.run(found.rotate())
    found.renew()
    assert found.as_json() == before
