"""The service under fire: what it publishes, what its handlers do, and how it stands.

Part of the host (see host.py): imported after Django is set up.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.db import Error, connection, connections, transaction

import ramet
from ramet.events import sql
from ramet.events.brokers import Broker
from ramet.events.brokers.nats import NatsBroker
from ramet.events.brokers.shared_database import Mover
from ramet.events.inbox import inbox_loops
from ramet.events.leases import Leases
from ramet.events.receiver import Receiver
from ramet.events.relay import Relay
from ramet.events.subscription import subscription_of
from ramet.events.surroundings import surroundings
from ramet.events.worker import Loop
from tests.integration.events.parcels.events import Moved
from tests.integration.fire.models import Deed, Effect

HANDLERS = ["poison", "shaky", "steady"]
LATER = "s"
"""The key whose events are published for a time that is about to come."""

behaviour = {"shaky": True, "deadly": False, "slow": 0.0}
"""How the handlers of this process behave."""


@ramet.subscribe(Moved, name="steady")
def steady(event: Moved) -> None:
    """Takes its time where a test asks for it."""
    _have_effect("steady", event)
    time.sleep(float(behaviour["slow"]))


@ramet.subscribe(Moved, name="shaky", attempts=6)
def shaky(event: Moved) -> None:
    """Fails once in each process at the second event of a key, after it has written."""
    _have_effect("shaky", event)
    if behaviour["shaky"] and (event.parcel, event.number) == ("a", 2):
        behaviour["shaky"] = False
        raise ValueError("the first time it fails")


@ramet.subscribe(Moved, name="poison", attempts=2)
def poison(event: Moved) -> None:
    """Never gets over one event; ends its process there where a test asks for it."""
    _have_effect("poison", event)
    if (event.parcel, event.number) == ("p", 1):
        if behaviour["deadly"]:
            die()
        raise ValueError("never")


def _have_effect(handler: str, event: Moved) -> None:
    Effect.objects.create(handler=handler, key=event.parcel, number=event.number)


def die() -> None:
    # To this thread: a signal to the process lets the thread run on for a moment.
    signal.pthread_kill(threading.get_ident(), signal.SIGKILL)


def publish(number: int) -> None:
    """Deed `number` of each key, with its event, in one transaction; twice has no effect."""
    keys = ["a", "b", "p"] if number <= 2 else ["a", "b"]
    with transaction.atomic():
        if Deed.objects.filter(key="a", number=number).exists():
            return
        Deed.objects.bulk_create([Deed(key=key, number=number) for key in [*keys, LATER]])
        ramet.publish(*(Moved(parcel=key, number=number) for key in keys))
        soon = timedelta(milliseconds=1)
        ramet.publish(Moved(parcel=LATER, number=number), delay=soon)


def publish_up_to(last: int) -> None:
    """As a caller does that tries again after every database error."""
    for number in range(1, last + 1):
        while True:
            try:
                publish(number)
                break
            except Error:
                connections.close_all()
                time.sleep(0.05)  # a caller's pace
    connections.close_all()


def loops(
    leases: Leases, broker: Broker | None, *, handlers: Sequence[str] = HANDLERS
) -> list[Loop]:
    """What a worker of the service runs."""
    inbox: list[Loop] = list(inbox_loops(handlers, 3)) if handlers else []
    if broker is None:
        return [Mover(surroundings()), *inbox]
    wanted = [each for name in HANDLERS if (each := subscription_of(name)) is not None]
    return [
        Relay(broker, leases, surroundings()),
        Receiver("fire", wanted, broker, leases),
        *inbox,
    ]


def broker_of(url: str, system: str) -> NatsBroker:
    return NatsBroker(url, system, instance=os.environ["RAMET_INSTANCE"], keeps_days=1)


def is_settled(last: int) -> bool:
    """Whether all deeds up to `last` are done, and all that follows from them."""
    try:
        ((deeds, newest, outbox, scheduled, ready, inbox),) = sql.rows(
            "SELECT (SELECT count(*) FROM fire_deed), (SELECT max(number) FROM fire_deed),"
            " (SELECT count(*) FROM ramet_events_outbox),"
            " (SELECT count(*) FROM ramet_events_scheduled),"
            " (SELECT count(*) FROM ramet_events_inbox WHERE state = 'ready'),"
            " (SELECT count(*) FROM ramet_events_inbox WHERE type <> 'old')"
        )
    except Error:  # cut off like everybody else
        connection.close()
        return False
    return (
        (newest or 0) >= last
        and outbox == scheduled == ready == 0
        and inbox >= deeds * len(HANDLERS)
    )


def until(condition: Callable[[], object], seconds: float = 15.0) -> bool:
    """Whether `condition` came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def report() -> dict[str, Any]:
    """How everything stands, for the judge."""
    dead = sql.rows("SELECT handler, \"key\", error FROM ramet_events_inbox WHERE state = 'dead'")
    (counts,) = sql.rows(
        "SELECT (SELECT count(*) FROM ramet_events_outbox),"
        " (SELECT count(*) FROM ramet_events_scheduled),"
        " (SELECT count(*) FROM ramet_events_inbox WHERE state = 'ready'),"
        " (SELECT count(*) FROM ramet_events_inbox),"
        " (SELECT count(*) FROM ramet_events_lease WHERE until > clock_timestamp())"
    )
    return {
        "deeds": list(Deed.objects.order_by("id").values_list("key", "number")),
        "effects": list(Effect.objects.order_by("id").values_list("handler", "key", "number")),
        "dead": [[handler, key] for handler, key, _ in dead],
        "errors": [error for _, _, error in dead],
        **dict(zip(["outbox", "scheduled", "ready", "inbox", "leases"], counts, strict=True)),
    }


def wipe() -> None:
    """As if nothing had happened, but for one finished event of last year."""
    sql.run(
        "TRUNCATE fire_deed, fire_effect, ramet_events_outbox, ramet_events_inbox,"
        " ramet_events_scheduled, ramet_events_lease"
    )
    sql.run(
        'INSERT INTO ramet_events_inbox (handler, event_id, type, "key", time, payload, headers,'
        " state, finished_at) SELECT 'steady', gen_random_uuid(), 'old', 'old', old, '', '',"
        " 'done', old FROM (SELECT now() - interval '1 year' AS old) AS last_year"
    )
