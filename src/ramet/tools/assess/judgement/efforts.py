"""What each way of cutting costs, in person-days: the one place where effort is estimated.

Estimates of ours and no measurement: of a developer who knows the code, tests and review with it,
deployment and the services' running without. `first` makes the means (once for each pair of sides
and, where it is about a model, each model), `further` uses it at one more line. They rank cuts and
groups well enough; a sum over many is an order of magnitude.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ramet.tools.assess.findings import How

__all__ = ["EFFORTS", "INHERITANCE", "SHARED_TABLE", "Effort"]


class Effort(NamedTuple):
    """Person-days for the first line, and for each further one that needs the same means."""

    first: float
    further: float


EFFORTS: Mapping[How, Effort] = {
    "nothing to do": Effort(0, 0),
    "move code": Effort(0.1, 0.02),
    "id alone": Effort(0.5, 0.25),
    "template include": Effort(0.5, 0.05),
    "contract call": Effort(1.5, 0.1),
    "event": Effort(1.5, 0.25),
    "batch query": Effort(1.5, 0.25),
    "id and replica": Effort(2.5, 0.05),
    "saga": Effort(5, 2),
}

INHERITANCE = 5.0
"""One row that lies in two tables becomes two rows: for each class that is cut off its parent."""

SHARED_TABLE = 2.0
"""A many-to-many's table is given to one side; the other keeps ids of it, or asks."""
