"""Events modules made up by a test, forgotten at its end."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from ramet.events import declaration, subscription


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declaration, "_declared", {})
    monkeypatch.setattr(subscription, "_subscriptions", {})


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Make a module of this source, by default the events of an app `imaginary.orders`."""

    def make(source: str, name: str = "imaginary.orders.events") -> ModuleType:
        made = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, made)
        header = (
            "import ramet\nfrom uuid import UUID\nfrom decimal import Decimal\n"
            "from datetime import datetime, date\nfrom enum import Enum\nfrom typing import Any\n"
            "from dataclasses import dataclass\n"
        )
        exec(
            compile(header + textwrap.dedent(source), name, "exec", dont_inherit=True),
            made.__dict__,
        )
        return made

    return make
