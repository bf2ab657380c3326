"""A worker process of the bookshop that kills itself with SIGKILL where it is told to.

`python -m tests.integration.replicas.crashing PLACE [COUNT]`: at the COUNTth time that PLACE is
reached. PLACE `nowhere` never is. Its services, database and broker are told by the environment.
"""

import os
import signal
import sys
import threading


def main(place: str, count: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.integration.replicas.settings"
    import django

    django.setup()

    from ramet import failpoints, telemetry
    from ramet.events.worker import Worker

    left = [count]

    def reached(where: str) -> None:
        if where == place:
            left[0] -= 1
            if not left[0]:
                # To this thread: a signal to the process lets the thread run on for a moment.
                signal.pthread_kill(threading.get_ident(), signal.SIGKILL)

    failpoints.on_reached = reached
    telemetry.configure("bookshop", "worker")
    worker = Worker()
    worker.start()
    sys.stdin.read()  # until the test closes it
    worker.stop(5)


if __name__ == "__main__":
    main(sys.argv[1], int((sys.argv[2:] or ["1"])[0]))
