"""Leases: ended for a killed process by its successor, however often that must be tried."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from ramet.events.leases import Leases

pytestmark = pytest.mark.usefixtures("database")


def test_a_failure_while_ending_the_former_leases_is_made_up_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Leases("one", 60).take(["a"])
    successor = Leases("one", 60)
    with monkeypatch.context() as broken:

        def fails() -> None:
            raise OperationalError("gone")

        broken.setattr(successor, "_end_former", fails)
        with pytest.raises(OperationalError):
            successor.take(["a"])
    assert [lease.name for lease in successor.take(["a"])] == ["a"]
