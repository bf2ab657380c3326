"""What `@ramet.subscribe` accepts as a handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import ramet
from ramet.errors import DiagnosticError
from ramet.events.subscription import subscription_of, subscriptions_to

Module = Callable[..., Any]


@pytest.fixture
def placed(module: Module) -> type[Any]:
    made = module("""
        @ramet.event(version=1, key="order_id")
        class OrderPlaced:
            order_id: UUID
    """)
    cls: type[Any] = made.OrderPlaced
    return cls


def test_the_inbox_knows_a_handler_by_its_dotted_path_or_given_name(placed: type[Any]) -> None:
    @ramet.subscribe(placed)
    def first(event: Any) -> None: ...

    @ramet.subscribe(placed, name="mails", attempts=3)
    def second(event: Any) -> None: ...

    mine, given = subscriptions_to("imaginary.orders.OrderPlaced.v1")
    assert mine.handler == f"{__name__}.{first.__qualname__}"
    assert (given.handler, given.attempts) == ("mails", 3)
    assert subscription_of("mails") is given
    assert mine.ordered


def test_a_handler_with_defaults_or_without_annotation_is_accepted(placed: type[Any]) -> None:
    @ramet.subscribe(placed)
    def handle(event, retries=3):  # type: ignore[no-untyped-def]
        ...


def _none() -> None: ...
def _two(event: Any, other: Any) -> None: ...
def _keyword(*, event: Any) -> None: ...
def _of_text(event: str) -> None: ...
async def _coroutine(event: Any) -> None: ...


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (_none, "_none() -> 'None'"),
        (_two, "_two(event: 'Any', other: 'Any') -> 'None'"),
        (_keyword, "_keyword(*, event: 'Any') -> 'None'"),
        (_of_text, "a function of str that subscribes to OrderPlaced"),
        (_coroutine, "a coroutine or generator function"),
    ],
)
def test_a_function_that_cannot_take_the_event_is_refused(
    placed: type[Any], function: Any, found: str
) -> None:
    with pytest.raises(DiagnosticError) as refused:
        ramet.subscribe(placed)(function)
    (mistake,) = refused.value.mistakes
    assert mistake.reference == "handler-signature"
    assert mistake.found == found
    assert mistake.expected == f"def {function.__name__}(event: OrderPlaced) -> None"


@pytest.mark.parametrize("attempts", [0, -1, True, 10**6])
def test_attempts_are_a_sensible_number(placed: type[Any], attempts: int) -> None:
    with pytest.raises(DiagnosticError) as refused:

        @ramet.subscribe(placed, attempts=attempts)
        def handle(event: Any) -> None: ...

    assert [each.reference for each in refused.value.mistakes] == ["handler-attempts"]


def test_two_functions_cannot_share_a_name(placed: type[Any]) -> None:
    ramet.subscribe(placed, name="same")(lambda event: None)
    with pytest.raises(DiagnosticError) as refused:

        @ramet.subscribe(placed, name="same")
        def handle(event: Any) -> None: ...

    assert [each.reference for each in refused.value.mistakes] == ["handler-name-taken"]


def test_what_is_no_class_is_refused() -> None:
    with pytest.raises(DiagnosticError) as refused:
        ramet.subscribe("orders.OrderPlaced")(lambda event: None)  # type: ignore[arg-type]
    assert refused.value.mistakes[0].reference == "handler-event"
