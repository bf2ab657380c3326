"""What `@ramet.event` makes of a class, and what it refuses when the class is defined."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from ramet.errors import DiagnosticError
from ramet.events.declaration import declared, type_of
from ramet.events.errors import InvalidEvent

Module = Callable[..., Any]

PLACED = """
    @ramet.event(version=2, key="order_id")
    class OrderPlaced:
        order_id: UUID
        amount: Decimal = Decimal("0")
"""


def test_an_event_is_a_frozen_keyword_only_dataclass(module: Module) -> None:
    cls = module(PLACED).OrderPlaced
    event = cls(order_id=uuid4())
    assert event == cls(order_id=event.order_id)
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.amount = Decimal(1)
    with pytest.raises(TypeError):
        cls(uuid4())


def test_its_name_on_the_wire_is_app_class_and_version(module: Module) -> None:
    found = type_of(module(PLACED).OrderPlaced)
    assert found is not None
    assert (found.name, found.owner) == ("imaginary.orders.OrderPlaced.v2", "imaginary.orders")
    assert declared() == {found.name: found}


def test_a_package_of_events_modules_belongs_to_the_same_app(module: Module) -> None:
    found = type_of(module(PLACED, "imaginary.orders.events.placing").OrderPlaced)
    assert found is not None
    assert found.owner == "imaginary.orders"


def test_every_kind_of_field_survives_encoding_exactly(module: Module) -> None:
    cls = module("""
        class Colour(Enum):
            RED = "red"

        @dataclass
        class Line:
            sku: str
            price: Decimal

        @ramet.event(version=1, key="number")
        class All:
            number: int
            id: UUID
            price: Decimal
            at: datetime
            day: date
            colour: Colour
            lines: list[Line]
            maybe: str | None
            by_name: dict[str, tuple[int, ...]]
            raw: bytes
    """).All
    event = cls(
        number=1,
        id=uuid4(),
        price=Decimal("12.50"),
        at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        day=date(2026, 1, 2),
        colour=cls.__annotations__["colour"].RED,
        lines=[cls.__annotations__["lines"].__args__[0](sku="a", price=Decimal("1.10"))],
        maybe=None,
        by_name={"a": (1, 2)},
        raw=b"\x00\xff",
    )
    declaration = type_of(cls)
    assert declaration is not None
    again = declaration.decode(declaration.encode(event))
    assert again == event
    assert str(again.price) == "12.50"


def test_a_newer_publishers_field_is_ignored_and_a_missing_one_is_named(module: Module) -> None:
    declaration = type_of(module(PLACED).OrderPlaced)
    assert declaration is not None
    order_id = uuid4()
    assert declaration.decode(f'{{"order_id": "{order_id}", "new": 1}}').order_id == order_id
    with pytest.raises(InvalidEvent, match=r"imaginary\.orders\.OrderPlaced\.v2.*order_id"):
        declaration.decode("{}")


def test_a_value_of_the_wrong_type_is_refused_with_its_field(module: Module) -> None:
    cls = module(PLACED).OrderPlaced
    declaration = type_of(cls)
    assert declaration is not None
    with pytest.raises(InvalidEvent, match=r"Invalid UUID.*order_id"):
        declaration.encode(cls(order_id="7"))


def test_the_key_is_text_and_an_enums_is_its_value(module: Module) -> None:
    made = module(
        PLACED
        + """
    class Size(Enum):
        S = "small"

    @ramet.event(version=1, key="size")
    class Packed:
        size: Size

    @ramet.event(version=1, key=None)
    class Seen:
        what: str
    """
    )
    order_id = UUID(int=7)
    placed, packed, seen = map(type_of, (made.OrderPlaced, made.Packed, made.Seen))
    assert placed is not None
    assert packed is not None
    assert seen is not None
    assert placed.key_of(made.OrderPlaced(order_id=order_id)) == str(order_id)
    assert packed.key_of(made.Packed(size=made.Size.S)) == "small"
    assert seen.key_of(made.Seen(what="x")) is None


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        ("object", "builtins.object has no JSON form"),
        ("Any", "anything is allowed"),
        ("dict[str, Any]", "anything is allowed"),
        ("list[Thing]", "imaginary.orders.events.Thing has no JSON form"),
        ("complex", "complex has no JSON form"),
        ("datetime | date", "more than one"),
        ("'Nowhere'", "a name that its module does not have"),
    ],
)
def test_a_field_that_cannot_travel_is_refused_by_name(
    module: Module, annotation: str, reason: str
) -> None:
    with pytest.raises(DiagnosticError) as refused:
        module(f"""
            class Thing: ...

            @ramet.event(version=1, key="id")
            class Broken:
                id: UUID
                odd: {annotation}
        """)
    (mistake,) = refused.value.mistakes
    assert mistake.reference == "event-field-not-serialisable"
    assert mistake.where == "imaginary.orders.events.Broken.odd"
    assert reason in mistake.found


def test_all_mistakes_of_one_class_are_told_together(module: Module) -> None:
    with pytest.raises(DiagnosticError) as refused:
        module(
            """
            @ramet.event(version=0, key="nothing")
            class Broken:
                one: object
                two: "Nowhere"
            """,
            "imaginary.orders.models",
        )
    assert [each.reference for each in refused.value.mistakes] == [
        "event-outside-events-module",
        "event-version",
        "event-field-not-serialisable",
        "event-field-not-serialisable",
        "event-key-unknown",
    ]


@pytest.mark.parametrize("annotation", ["UUID | None", "float", "list[str]"])
def test_a_key_that_has_not_one_text_is_refused(module: Module, annotation: str) -> None:
    with pytest.raises(DiagnosticError) as refused:
        module(f"""
            @ramet.event(version=1, key="id")
            class Broken:
                id: {annotation}
        """)
    assert [each.reference for each in refused.value.mistakes] == ["event-key-type"]


def test_two_classes_cannot_share_a_name_but_a_module_may_be_read_again(module: Module) -> None:
    module(PLACED)
    module(PLACED)
    with pytest.raises(DiagnosticError) as refused:
        module(
            """
            class Other:
                @ramet.event(version=2, key="order_id")
                class OrderPlaced:
                    order_id: UUID
            """
        )
    assert [each.reference for each in refused.value.mistakes] == ["event-name-taken"]


def test_the_schema_says_what_is_required(module: Module) -> None:
    declaration = type_of(module(PLACED).OrderPlaced)
    assert declaration is not None
    schema = declaration.schema()
    assert schema["$defs"]["OrderPlaced"]["required"] == ["order_id"]
