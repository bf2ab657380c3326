"""Types that cannot cross the wire are refused when a class is defined, with the field named."""

import dataclasses
import enum
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NewType, Optional, TypeVar
from uuid import UUID

import msgspec
import pytest
from django.contrib.auth.models import Group

import ramet
from ramet.calls import wire_types
from ramet.errors import DiagnosticError

T = TypeVar("T")
OrderId = NewType("OrderId", UUID)


class Size(enum.IntEnum):
    SMALL = 1


class Weight(enum.Enum):
    LIGHT = 1.5


@dataclasses.dataclass
class Plain:
    at: datetime
    inner: "list[Plain]"


@dataclasses.dataclass
class Holder:
    group: Group


class Card(ramet.Value, tag=True):
    number: str


class Transfer(ramet.Value, tag=True):
    iban: str


class Cheque(ramet.Value):
    number: str


class Page(ramet.Value, Generic[T]):
    items: list[T]


@pytest.mark.parametrize(
    "annotation",
    [
        str,
        None,
        bytes,
        Size,
        Plain,
        OrderId,
        list[Plain],
        set[UUID],
        frozenset[str],
        tuple[int, ...],
        tuple[()],
        dict[Size, list[Decimal]],
        dict[UUID, int],
        Optional[Card],  # noqa: UP045
        Card | Transfer | None,
        Literal["a", "b"],
        Annotated[int, msgspec.Meta(ge=1)],
        Page[Card],
    ],
)
def test_a_type_that_arrives_as_it_was_sent_is_allowed(annotation: Any) -> None:
    assert wire_types.mistakes(annotation, "x") == []


@pytest.mark.parametrize(
    ("annotation", "where", "found", "remedy"),
    [
        (object, "x", "object", "name the type"),
        (Any, "x", "typing.Any", "name the type"),
        (list, "x", "list", "say what is in it, as list[...]"),
        (complex, "x", "complex", "declare a ramet.Value"),
        (Sequence[str], "x", "collections.abc.Sequence[str]", "declare a ramet.Value"),
        (Iterable[str], "x", "collections.abc.Iterable[str]", "declare a ramet.Value"),
        (Group, "x", "django.contrib.auth.models.Group", "send the model's id"),
        (list[Group], "x[]", "django.contrib.auth.models.Group", "send the model's id"),
        (Holder, "x.group", "django.contrib.auth.models.Group", "send the model's id"),
        (dict[str, tuple[int, Holder]], "x[][1].group", "django.", "send the model's id"),
        (dict[tuple[int, int], str], "x", "dict[tuple[int, int], str]", "as the key"),
        (Weight, "x", "Weight", "a str or an int as its value"),
        (Cheque | Card, "x", "Cheque", "told apart"),
        (UUID | str, "x", "uuid.UUID | str", "told apart"),
        (Page, "x", "Page", "as Page[...]"),
        (Page[object], "x", "object", "name the type"),
    ],
)
def test_any_other_type_is_refused_with_its_place(
    annotation: Any, where: str, found: str, remedy: str
) -> None:
    (mistake,) = wire_types.mistakes(annotation, "x")
    assert mistake.reference == "type-cannot-cross-the-wire"
    assert mistake.where == where
    assert found in mistake.found
    assert remedy in mistake.remedy


def test_a_value_with_such_a_field_is_refused_when_it_is_defined() -> None:
    with pytest.raises(DiagnosticError) as caught:

        class Basket(ramet.Value):
            owner: Group
            lines: list[str]
            extra: Any

    places = [mistake.where.rpartition("<locals>.")[2] for mistake in caught.value.mistakes]
    assert places == ["Basket.owner", "Basket.extra"]


def test_a_value_is_immutable_equal_and_hashable_by_its_fields() -> None:
    card = Card("1")
    assert (card, hash(card), repr(card)) == (Card("1"), hash(Card("1")), "Card(number='1')")
    with pytest.raises(AttributeError):
        card.number = "2"  # type: ignore[misc]
