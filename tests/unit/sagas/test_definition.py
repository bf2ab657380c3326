"""What the definition of a saga accepts, and how it reports what it does not."""

from dataclasses import field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

import ramet
from ramet.errors import DiagnosticError
from ramet.sagas import registry
from tests.unit.sagas.examples import Trip


def references(caught: pytest.ExceptionInfo[DiagnosticError]) -> list[str]:
    return [mistake.reference for mistake in caught.value.mistakes]


def test_steps_are_in_order_and_know_their_options() -> None:
    steps = Trip.__ramet_saga__.steps
    assert [step.name for step in steps] == ["open", "reserve", "look", "pay", "decide", "send"]
    pay = steps[3]
    assert (pay.undo, pay.attempts, pay.timeout) == ("void", 2, 30.0)
    assert [step.name for step in steps if step.pivot] == ["decide"]


def test_a_saga_is_found_by_its_name_and_version() -> None:
    definition = registry.find("tests.unit.Trip", 1)
    assert definition is not None
    assert definition.saga is Trip


def test_the_name_of_a_saga_does_not_depend_on_the_file_below_sagas() -> None:
    assert registry.full_name("shop.orders.sagas", "PlaceOrder") == "shop.orders.PlaceOrder"
    assert registry.full_name("shop.orders.sagas.v1", "PlaceOrder") == "shop.orders.PlaceOrder"


def test_a_step_can_be_tried_by_hand() -> None:
    trip = Trip(traveller=uuid4())
    trip.reserve()
    assert trip.total == 12
    assert trip.failure is None
    with pytest.raises(RuntimeError, match="not running"):
        _ = trip.run_id


def test_assigning_a_field_that_is_not_declared_is_an_error_at_once() -> None:
    trip = Trip(traveller=uuid4())
    with pytest.raises(AttributeError, match=r"declares no field 'hotel'.*Declared: seen, total"):
        trip.hotel = 1  # type: ignore[attr-defined]


def test_a_base_class_shares_fields_and_steps() -> None:
    class Base(ramet.Saga, abstract=True):
        order: UUID

        @ramet.step(undo=None)
        def first(self) -> None: ...

    class Inherits(Base, version=1):
        total: int = 0

        @ramet.step(undo=None)
        def second(self) -> None: ...

    definition = Inherits.__ramet_saga__
    assert [step.name for step in definition.steps] == ["first", "second"]
    assert set(definition.state.types) == {"order", "total"}


def test_a_missing_version_is_a_mistake() -> None:
    with pytest.raises(DiagnosticError) as caught:

        class Unversioned(ramet.Saga):
            @ramet.step(undo=None)
            def go(self) -> None: ...

    assert references(caught) == ["saga-version"]


def test_a_saga_without_steps_is_a_mistake() -> None:
    with pytest.raises(DiagnosticError) as caught:

        class Empty(ramet.Saga, version=1):
            pass

    assert references(caught) == ["saga-without-steps"]


def test_a_step_before_the_pivot_must_say_how_it_is_undone() -> None:
    with pytest.raises(DiagnosticError) as caught:

        class Careless(ramet.Saga, version=1):
            @ramet.step
            def reserve(self) -> None: ...

            @ramet.step(pivot=True)
            def confirm(self) -> None: ...

            @ramet.step
            def send(self) -> None: ...

    (mistake,) = caught.value.mistakes
    assert mistake.reference == "saga-step-without-undo"
    assert mistake.where.endswith("Careless.reserve")


def test_the_last_step_of_a_saga_without_pivot_may_be_in_doubt_and_needs_an_undo() -> None:
    with pytest.raises(DiagnosticError) as caught:

        class Dangling(ramet.Saga, version=1):
            @ramet.step
            def only(self) -> None: ...

    assert references(caught) == ["saga-step-without-undo"]


def test_the_last_step_needs_no_undo_when_it_is_atomic() -> None:
    class Local(ramet.Saga, version=1):
        @ramet.step(atomic=True)
        def only(self) -> None: ...

    assert Local.__ramet_saga__.steps[0].undo is None


def test_all_mistakes_of_a_class_are_reported_together() -> None:
    with pytest.raises(DiagnosticError) as caught:

        class Wrong(ramet.Saga, version=0, key="nothing"):
            anything: Any
            failure: int = 0  # type: ignore[assignment]

            @ramet.step(undo="gone", attempts=0)
            def first(self) -> None: ...

            @ramet.step(undo="first", timeout="soon", pivot=True)
            def second(self) -> None: ...

            @ramet.step(pivot=True)
            async def third(self) -> None: ...

            @ramet.step
            def fourth(self, order: UUID) -> None: ...

    assert sorted(references(caught)) == sorted(
        [
            "saga-version",
            "saga-key",
            "type-cannot-cross-the-wire",
            "saga-field-name",
            "saga-unknown-undo",
            "saga-attempts",
            "saga-unknown-undo",
            "saga-timeout",
            "saga-two-pivots",
            "saga-step-signature",
            "saga-step-signature",
        ]
    )


def test_a_mutable_default_is_a_mistake_with_the_remedy() -> None:
    with pytest.raises(DiagnosticError, match="default_factory"):

        class Shared(ramet.Saga, version=1):
            lines: list[str] = []

            @ramet.step(undo=None)
            def go(self) -> None: ...


def test_two_classes_of_one_name_and_version_are_a_mistake() -> None:
    class Once(ramet.Saga, version=1, name="Twice"):
        @ramet.step(undo=None)
        def go(self) -> None: ...

    with pytest.raises(DiagnosticError) as caught:

        class Again(ramet.Saga, version=1, name="Twice"):
            @ramet.step(undo=None)
            def go(self) -> None: ...

    assert references(caught) == ["saga-duplicate"]


class Money(ramet.Value):
    amount: Decimal
    currency: str = "EUR"


class Rich(ramet.Saga, version=1):
    order: UUID
    prices: list[Money] = field(default_factory=list)
    by_id: dict[UUID, int] = field(default_factory=dict)
    blob: bytes = b""
    note: str | None = None

    @ramet.step(undo=None)
    def go(self) -> None: ...


def test_state_comes_back_exactly_as_it_was_stored() -> None:
    state = Rich.__ramet_saga__.state
    rich = Rich(
        order=uuid4(), prices=[Money(Decimal("12.50"))], by_id={uuid4(): 3}, blob=b"\x00\xff"
    )
    assert state.decode(state.encode(vars(rich))) == vars(rich)


def test_a_field_that_was_removed_is_dropped_and_a_new_one_takes_its_default() -> None:
    state = Rich.__ramet_saga__.state
    order = uuid4()
    values = state.decode({"order": str(order), "removed": 1})
    assert values == {"order": order}
    assert Rich(**values).note is None


def test_a_new_field_without_a_default_is_named_when_an_old_run_lacks_it() -> None:
    with pytest.raises(TypeError, match="field order"):
        Rich.__ramet_saga__.state.decode({})
