"""A worker process that the tests kill, or that a handler kills; started by test_crashes.

`python -m tests.integration.events.crashing POINT` with the database, broker and system of the test
in the environment. POINT is `poison` for a handler that ends its process, else `none`.
"""

from __future__ import annotations

import os
import signal
import sys


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(point: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()

    import ramet
    from ramet.events import subscription
    from ramet.events.brokers.nats import NatsBroker
    from ramet.events.brokers.shared_database import Mover
    from ramet.events.inbox import inbox_loops
    from ramet.events.leases import leases
    from ramet.events.receiver import Receiver
    from ramet.events.relay import Relay
    from ramet.events.surroundings import surroundings
    from ramet.events.worker import Loop, Worker
    from tests.integration.events.conftest import default_database, have_effect
    from tests.integration.events.parcels.events import Moved

    @ramet.subscribe(Moved, name="tracker", attempts=3)
    def track(event: Moved) -> None:
        have_effect(event.parcel, event.number, "tracker")
        if point == "poison" and (event.parcel, event.number) == ("a", 2):
            die()

    with default_database(os.environ["TEST_DATABASE_URL"]):
        loops: list[Loop] = list(inbox_loops(["tracker"], 2))
        if url := os.environ.get("TEST_BROKER_URL"):
            broker = NatsBroker(url, os.environ["TEST_SYSTEM"], instance="worker", keeps_days=1)
            wanted = subscription.subscription_of("tracker")
            assert wanted is not None
            loops.append(Relay(broker, leases(), surroundings()))
            loops.append(Receiver("tracking", [wanted], broker, leases()))
        else:
            loops.append(Mover(surroundings()))
        worker = Worker(loops)
        worker.start()
        sys.stdin.read()  # until the test closes it
        worker.stop(5)


if __name__ == "__main__":
    main(sys.argv[1])
