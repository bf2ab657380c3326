"""What each way of cutting costs, in person-days: the one place where effort is estimated.

Estimates of ours and no measurement: of a developer who knows the code, with tests and review;
deployment and the services' running come on top. `first` makes the means, `further` uses it at one
more line. They rank cuts and groups well enough; a sum over many is an order of magnitude.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ramet.tools.assess.findings import How

__all__ = ["EFFORTS", "FURTHER_SERVICE", "INHERITANCE", "SHARED_TABLE", "Effort"]


class Effort(NamedTuple):
    """Person-days for the first line, and for each further one that needs the same means."""

    first: float
    further: float


EFFORTS: Mapping[How, Effort] = {
    "nothing to do": Effort(0, 0),
    "move code": Effort(0.05, 0.02),
    "id alone": Effort(0.25, 0.25),
    "template include": Effort(0.25, 0.05),
    "batch query": Effort(0.5, 0.1),
    "contract call": Effort(1, 0.1),
    "event": Effort(1, 0.25),
    "id and replica": Effort(1, 0.05),
    "saga": Effort(3, 1),
}
"""What is made once: a contract and its queries by each side that is asked, events by each side
that publishes, a replica of each model on each side that reads it, sagas by each side that begins
any."""

INHERITANCE = 3.0
"""One row that lies in two tables becomes two rows: for each class that is cut off its parent."""

SHARED_TABLE = 1.0
"""A many-to-many's table is given to one side; the other keeps ids of it, or asks."""

FURTHER_SERVICE = 0.5
"""One more step of a saga, and what undoes it, for each service that it spans beyond two."""
