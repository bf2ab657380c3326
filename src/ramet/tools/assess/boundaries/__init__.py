"""The boundaries that a team draws: read from `ramet.toml`, written into it, and held.

`pins` reads them for the grouping, `writing` puts a grouping there, and `ratchet` keeps what
crosses them from getting more.
"""

from ramet.tools.assess.boundaries.pins import home, pins, system_of
from ramet.tools.assess.boundaries.ratchet import (
    BASELINE,
    Baseline,
    Growth,
    crossings,
    growths,
    read_baseline,
    slack,
)
from ramet.tools.assess.boundaries.writing import Writing, writing

__all__ = [
    "BASELINE",
    "Baseline",
    "Growth",
    "Writing",
    "crossings",
    "growths",
    "home",
    "pins",
    "read_baseline",
    "slack",
    "system_of",
    "writing",
]
