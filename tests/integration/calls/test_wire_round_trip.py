"""What arrives equals what was sent, for every type that may cross the wire, in both placements."""

import uuid
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from depot.contract import Colour, Depot, Everything, Node, Part
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ramet
from ramet.calls import InvalidArgument

OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))
# JSON holds Unicode scalar values, hence no lone surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
INTEGERS = st.integers(-(2**80), 2**80)
PARTS = st.builds(Part, TEXT, INTEGERS, st.none() | TEXT)
NODES = st.recursive(
    st.builds(Node, TEXT),
    lambda inner: st.builds(Node, TEXT, st.lists(inner, max_size=2)),
    max_leaves=4,
)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
MOMENTS = st.datetimes(
    min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=st.just(UTC) | OFFSETS
)
SPANS = st.timedeltas(timedelta(days=-(10**6)), timedelta(days=10**6))
EVERYTHING = st.builds(
    Everything,
    amount=DECIMALS,
    at=MOMENTS,
    day=st.dates(),
    hour=st.times(),
    span=SPANS,
    id=st.uuids(),
    colour=st.sampled_from(Colour),
    text=TEXT,
    number=INTEGERS,
    ratio=st.floats(allow_nan=False, allow_infinity=False),
    flag=st.booleans(),
    raw=st.binary(max_size=30),
    kind=st.sampled_from(["a", "b"]),
    maybe=st.none() | PARTS,
    parts=st.lists(PARTS, max_size=3),
    pair=st.tuples(INTEGERS, TEXT),
    names=st.sets(TEXT, max_size=3),
    by_name=st.dictionaries(TEXT, DECIMALS, max_size=3),
    by_id=st.dictionaries(st.uuids(), PARTS, max_size=2),
    tree=NODES,
)


@pytest.mark.usefixtures("placement")
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(EVERYTHING)
def test_every_type_arrives_as_it_was_sent(everything: Everything) -> None:
    arrived = ramet.client(Depot).echo(everything)
    assert arrived == everything
    for name in ("amount", "number", "ratio", "pair", "names", "raw", "colour"):
        assert type(getattr(arrived, name)) is type(getattr(everything, name))
    # == is not enough: 1.0 equals 1.00, and one moment has many offsets.
    assert str(arrived.amount) == str(everything.amount)
    assert arrived.at.utcoffset() == everything.at.utcoffset()
    assert arrived.at.microsecond == everything.at.microsecond


@pytest.mark.usefixtures("placement")
@pytest.mark.parametrize("amount", ["12.50", "0.00", "-0", "1E+3", "1E-30", "NaN", "Infinity"])
def test_a_decimal_keeps_its_digits(amount: str) -> None:
    arrived = ramet.client(Depot).echo(_everything(amount=Decimal(amount)))
    assert str(arrived.amount) == str(Decimal(amount))


@pytest.mark.usefixtures("placement")
def test_an_offset_with_seconds_is_refused_and_does_not_become_another_moment() -> None:
    old = datetime(1930, 1, 1, tzinfo=ZoneInfo("Europe/Amsterdam"))
    assert old.utcoffset() == timedelta(minutes=19, seconds=32)
    with pytest.raises(InvalidArgument) as caught:
        ramet.client(Depot).echo(_everything(at=old))
    assert caught.value.path == "everything.at"
    assert "convert it to UTC" in caught.value.problem
    assert ramet.client(Depot).echo(_everything(at=old.astimezone(UTC))).at == old


def _everything(**changes: Any) -> Everything:
    plain = Everything(
        amount=Decimal(0),
        at=datetime(2024, 2, 29, 12, tzinfo=UTC),
        day=datetime(2024, 2, 29).date(),
        hour=datetime(2024, 2, 29).time(),
        span=timedelta(0),
        id=uuid.UUID(int=0),
        colour=Colour.RED,
        text="",
        number=0,
        ratio=0.0,
        flag=False,
        raw=b"",
        kind="a",
        maybe=None,
        parts=[],
        pair=(0, ""),
        names=set(),
        by_name={},
        by_id={},
        tree=Node(""),
    )
    return msgspec.structs.replace(plain, **changes)
