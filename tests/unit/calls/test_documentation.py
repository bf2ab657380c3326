"""The contract that the how-to shows is one."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ramet.calls.contracts import contracts


def test_the_contract_in_the_how_to_can_be_defined(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (root / "docs/how-to/call-another-service.md").read_text()
    (source,) = re.findall(r"```python\n(# shop/products/contract\.py\n.*?)```", text, re.DOTALL)
    module = ModuleType("how_to.products.contract")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(source, module.__dict__)
    operation = contracts()["how_to.products.v1.Products"].__ramet__.operations["reserve"]
    assert (operation.deadline, operation.idempotent) == (0.5, True)
