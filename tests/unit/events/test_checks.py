"""ramet.E003: a subscription that would never see an event."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

import ramet
from ramet.events import checks
from ramet.events.surroundings import Surroundings

Module = Callable[..., Any]


def test_a_subscription_to_a_class_that_is_no_event_is_found() -> None:
    class Plain: ...

    @ramet.subscribe(Plain, name="mine")
    def handle(event: Plain) -> None: ...

    (error,) = checks.undeclared_subscriptions()
    assert error.id == "ramet.E003"
    assert "mine subscribes to" in error.msg
    assert "Plain, which is not declared as an event" in error.msg
    assert error.hint is not None
    assert "@ramet.event" in error.hint


def test_a_subscription_to_an_event_that_no_service_publishes_is_found(
    module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = module("""
        @ramet.event(version=1, key="id")
        class Lonely:
            id: UUID
    """)

    @ramet.subscribe(made.Lonely, name="mine")
    def handle(event: Any) -> None: ...

    monkeypatch.setattr(checks, "surroundings", lambda: Surroundings(None))
    assert checks.undeclared_subscriptions() == []
    system = SimpleNamespace(service_of_module=lambda module: None)
    place = cast("Any", SimpleNamespace(system=system))
    monkeypatch.setattr(checks, "surroundings", lambda: Surroundings(place))
    (error,) = checks.undeclared_subscriptions()
    assert error.id == "ramet.E003"
    assert "no service of the system owns imaginary.orders" in error.msg
