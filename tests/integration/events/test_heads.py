"""Whose turn it is: in turn over keys and handlers, whatever waits."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import ramet
from ramet.events import heads
from ramet.events.heads import Heads
from ramet.events.inbox import work_off_one
from ramet.events.operating import lag
from tests.integration.events.parcels.events import Moved

pytestmark = pytest.mark.usefixtures("database")


def following(proposing: Heads) -> int | None:
    """The number of the next row that is proposed."""
    return next((seq for seq, _ in proposing.take(lambda handler: 1)), None)


@pytest.fixture(autouse=True)
def _handlers() -> None:
    for name in ("many", "few", "one"):
        ramet.subscribe(Moved, name=name)(lambda event: None)


def wait_for(handler: str, *keys: str) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ramet_events_inbox (handler, event_id, type, key, time, payload, headers)"
            " VALUES (%s, %s, 'tests.integration.events.parcels.Moved.v1', %s, now(), '{}', '{}')",
            [(handler, uuid4(), key) for key in keys],
        )


def taken(from_heads: Heads, most: int) -> list[tuple[str, str]]:
    """(handler, key) in the order in which they are proposed; each is worked off at once."""
    found: list[tuple[str, str]] = []
    while len(found) < most:
        if (seq := following(from_heads)) is None:
            from_heads.look()
            if (seq := following(from_heads)) is None:
                break
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ramet_events_inbox SET state = 'done' WHERE seq = %s AND state = 'ready'"
                " RETURNING handler, key",
                [seq],
            )
            found += cursor.fetchall()
    return found


def test_a_handler_with_many_keys_lets_another_in_at_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heads, "_JUMP", heads._JUMP.replace(f"LIMIT {heads.ENOUGH}", "LIMIT 10"))
    monkeypatch.setattr(heads, "ENOUGH", 10)
    wait_for("many", *(f"k{number:03}" for number in range(100)))
    wait_for("few", "a", "z")
    proposing = Heads(["few", "many"])
    first = taken(proposing, 10)
    assert {("few", "a"), ("few", "z")} <= set(first)
    wait_for("few", "a", "b", "y")  # before, between and behind what was looked at
    then = taken(proposing, 13)
    assert {("few", "a"), ("few", "b"), ("few", "y")} <= set(then)
    rest = taken(proposing, 1000)
    assert len(first + then + rest) == 105
    assert len(set(rest)) == len(rest)


def test_a_key_that_is_in_hand_elsewhere_does_not_end_the_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heads, "_JUMP", heads._JUMP.replace(f"LIMIT {heads.ENOUGH}", "LIMIT 3"))
    monkeypatch.setattr(heads, "ENOUGH", 3)
    wait_for("one", *"abcdefgh")
    proposing = Heads(["one"])
    proposed = []
    for _ in range(12):
        proposing.look()
        while (seq := following(proposing)) is not None:
            proposed.append(seq)
    assert len(set(proposed)) == 8


@pytest.mark.parametrize("is_analyzed", [False, True])
def test_what_was_finished_long_ago_is_never_read(is_analyzed: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ramet_events_inbox"
            " (handler, event_id, type, key, time, payload, headers, state, finished_at)"
            " SELECT 'one', gen_random_uuid(), 't', i::text, now(), '{}', '{}', 'done', now()"
            " FROM generate_series(1, 20000) i"
        )
        if is_analyzed:
            cursor.execute("ANALYZE ramet_events_inbox")
    ramet.subscribe(Moved, name="free", ordered=False)(lambda event: None)
    wait_for("one", "a", "b")
    wait_for("free", "a", "b")
    with CaptureQueriesContext(connection) as asked:
        proposing = Heads(["one", "free"])
        assert work_off_one(proposing) is not None
        lag()
    plans = []
    with connection.cursor() as cursor:
        for query in (each["sql"] for each in asked):
            if "FROM ramet_events_inbox" in query and "INSERT" not in query:
                cursor.execute("EXPLAIN " + query.replace("%", "%%"))
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
    assert len(plans) >= 4
    assert [plan for plan in plans if "Seq Scan on ramet_events_inbox" in plan] == []
