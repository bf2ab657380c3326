"""Two programs with what was published about parting them (see README.md)."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

__all__ = ["MEASURES", "Program", "program"]

_FOLDER = Path(__file__).parent
MEASURES = ("bcp", "icp", "sm", "ifn", "ned")


class Program(NamedTuple):
    """`partitions` and `last_of_cluster` by the number of clusters that was asked for."""

    calls: dict[tuple[str, str], float]
    contexts: dict[str, list[str]]
    partitions: dict[str, dict[str, str]]
    last_of_cluster: dict[str, list[str]]
    published: dict[str, dict[str, float]]
    """Mono2Micro's figures, by the number of clusters."""

    @property
    def classes(self) -> list[str]:
        """Every class of a partition: all but the root of the calls."""
        return sorted(next(iter(self.partitions.values())))

    @property
    def medians(self) -> dict[str, float]:
        """Of each of Mono2Micro's figures, over all numbers of clusters."""
        return {name: median(row[name] for row in self.published.values()) for name in MEASURES}


def program(name: str) -> Program:
    """Read `daytrader` or `acmeair`."""
    text: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
    last = json.loads((_FOLDER / "last_of_cluster.json").read_text("utf-8"))
    return Program(
        calls={tuple(pair.split("--")): volume for pair, volume in text["calls"].items()},
        contexts=text["business_contexts"],
        partitions={
            clusters: {each: str(group) for each, group in partition.items()}
            for clusters, partition in text["mono2micro_partitions"].items()
        },
        last_of_cluster=last[name],
        published={
            str(row["k"]): {name: row[name.upper()] for name in MEASURES}
            for row in text["published"]
            if row["system"] == "Mono2Micro"
        },
    )
