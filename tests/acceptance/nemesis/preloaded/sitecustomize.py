"""`time.sleep` for processes under libfaketime; Python imports this module when it starts.

libfaketime 0.9.10 spoils a sleep until a moment of the monotonic clock, and so sleeps Python:
`clock_nanosleep` then fails with EINVAL. A `select` waits for a time instead.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep
