"""Two transactions that publish events of one key at the same time."""

from __future__ import annotations

import threading
from typing import Any

from django.db import connections, transaction

import ramet
from ramet.events import sql
from ramet.events.brokers.shared_database import move
from ramet.events.heads import Heads
from ramet.events.inbox import work_off_one
from ramet.events.surroundings import surroundings
from tests.integration.events.parcels.events import Moved
from tests.integration.fire import world
from tests.integration.fire.models import Deed, Effect


def overlap() -> dict[str, Any]:
    """The second publishes while the first, which published before it, has not committed yet.

    `commits` is the order in which they really committed, `effects` that of a handler.
    """
    world.wipe()
    committed = threading.Event()

    def second() -> None:
        with transaction.atomic():
            Deed.objects.create(key="a", number=2)
            ramet.publish(Moved(parcel="a", number=2))
        committed.set()
        connections.close_all()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        Deed.objects.create(key="a", number=1)
        ramet.publish(Moved(parcel="a", number=1))
        thread.start()
        overlaps = world.until(lambda: committed.is_set() or _waiting_for_lock(), 5)
        commits = [2, 1] if committed.is_set() else [1, 2]
    thread.join(10)
    heads = Heads(["steady"])
    while move(surroundings()) or work_off_one(heads) is not None:
        pass
    seen = Effect.objects.filter(handler="steady").order_by("id").values_list("number", flat=True)
    return {"overlaps": overlaps, "commits": commits, "effects": list(seen)}


def _waiting_for_lock() -> bool:
    ((waiting,),) = sql.rows(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    )
    return bool(waiting)
