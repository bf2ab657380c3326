"""Contracts and their operations are read from the source, without running it."""

from pathlib import Path

from ramet.system import load
from ramet.system.contracts import contracts

TOML = """
[system]
name = "tiny"
settings = "stock.settings"

[services.stock]
apps = ["stock"]
"""
CONTRACT = """
class Line(ramet.Value):
    sku: str

class Stock(ramet.Contract, version=2):
    @ramet.operation(deadline="1s")
    def hold(self, sku: str) -> None: ...
    def _inner(self) -> None: ...

class Broken
"""


def test_a_contract_has_its_full_name_and_its_operations(tmp_path: Path) -> None:
    (tmp_path / "ramet.toml").write_text(TOML)
    (tmp_path / "stock").mkdir()
    for name in ("__init__", "settings"):
        (tmp_path / "stock" / f"{name}.py").touch()
    (tmp_path / "stock" / "contract.py").write_text(CONTRACT.replace("class Broken\n", ""))
    [found] = contracts(load(tmp_path / "ramet.toml"))
    assert (found.service, found.class_name) == ("stock", "Stock")
    assert (found.full_name, found.operations) == ("stock.v2.Stock", ("hold",))
    (tmp_path / "stock" / "contract.py").write_text(CONTRACT)
    assert list(contracts(load(tmp_path / "ramet.toml"))) == []
