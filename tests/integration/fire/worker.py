"""A service's real worker process, with the handlers of world.py; started by test_stopping.

`python -m tests.integration.fire.worker SLOW DRAIN`: seconds that a handler takes, and seconds that
work in hand has after SIGTERM.
"""

from __future__ import annotations

import sys

import django


def main(slow: float, drain: float) -> int:
    django.setup()

    from ramet.processes import worker
    from tests.integration.fire import mutations, world

    world.behaviour["slow"] = slow
    mutations.replace(worker, "DRAIN", drain)
    return worker.main()


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), float(sys.argv[2])))
