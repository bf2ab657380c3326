"""What the nemesis does and when, as data: the same seed gives the same plan."""

from __future__ import annotations

import random
from dataclasses import dataclass

SERVICES = ("users", "products", "orders", "payments", "storefront")
TWO_HOURS = 7200
LONGER_THAN_A_LEASE = 18.0
"""Seconds; leases last 15."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` befalls `target` at second `at` and lasts for `lasts` seconds (0: it is over at once).

    `amount` is what else the kind needs: seconds of a clock, the share of connections cut.
    """

    at: float
    kind: str
    target: str
    lasts: float = 0.0
    amount: float = 0.0

    def __str__(self) -> str:
        until = f" until {self.at + self.lasts:6.1f}" if self.lasts else ""
        amount = f" {self.amount:+g}" if self.amount else ""
        return f"{self.at:6.1f}  {self.kind} {self.target}{amount}{until}"


def processes_of(placement: str) -> tuple[str, ...]:
    """The processes that can be struck, by the names of `ramet status`."""
    if placement == "monolith":
        return ("monolith-web", "monolith-worker", "monolith-celery", "postgres", "envoy")
    return (
        *(f"{service}-web" for service in SERVICES),
        *(f"{service}-worker" for service in SERVICES),
        "users-celery",
        "postgres",
        "nats",
        "envoy",
    )


def plan(seed: int, seconds: float, placement: str, *, with_clocks: bool = True) -> list[Fault]:
    """Faults for so many seconds, none of which lasts longer than that, in order of time.

    The first round has every kind once, in a random order; after it chance alone decides.
    """
    chance = random.Random(f"{seed}/{placement}")
    kinds = [
        *("kill", "pause", "restart", "kill zygote", "kill fork server", "terminate backends"),
        *(("drop", "silence", "refuse") if placement != "monolith" else ()),
        *(("postgres clock", "worker clock") if with_clocks else ()),
    ]
    # What services and engines die of most often has more weight; clocks move a few times a run.
    weights = [
        {"kill": 6, "pause": 4, "restart": 3, "terminate backends": 3}.get(k, 1) for k in kinds
    ]
    upcoming = [*kinds, "pause", "kill", "kill"]
    chance.shuffle(upcoming)
    planned: list[Fault] = []
    busy_until: dict[str, float] = {}
    at = chance.uniform(2, 4)
    while at < seconds - 1:
        kind = upcoming.pop() if upcoming else chance.choices(kinds, weights)[0]
        fault = _fault(chance, kind, at, seconds, placement)
        # Two faults of one kind do not overlap on one target: healing one would heal both.
        if busy_until.get(f"{fault.kind} {fault.target}", 0.0) <= at:
            planned.append(fault)
            busy_until[f"{fault.kind} {fault.target}"] = at + fault.lasts
        at += chance.uniform(0.3, 4.5)
    return planned


def _fault(chance: random.Random, kind: str, at: float, seconds: float, placement: str) -> Fault:
    everything = processes_of(placement)
    workers = [name for name in everything if name.endswith("-worker")]
    groups = list(dict.fromkeys(name.removesuffix("-web") for name in everything if "-web" in name))

    def some(shortest: float, longest: float) -> float:
        return round(max(0.1, min(chance.uniform(shortest, longest), seconds - at)), 1)

    at = round(at, 1)
    match kind:
        case "kill":
            # Workers and engines twice as often: there is most to lose.
            return Fault(at, kind, chance.choice([*everything, *workers, *workers, "postgres"]))
        case "pause":
            target = chance.choice([*everything, *workers, *workers])
            is_long = target in workers and chance.random() < 0.5
            return Fault(at, kind, target, some(LONGER_THAN_A_LEASE, 24) if is_long else some(1, 8))
        case "restart":
            return Fault(at, kind, chance.choice([*groups, *groups, *_engines(placement)]))
        case "kill zygote":
            return Fault(at, kind, chance.choice(groups))
        case "terminate backends":
            return Fault(at, kind, "postgres", some(0, 4), round(chance.uniform(0.2, 1), 1))
        case "refuse":
            return Fault(at, kind, "nats", some(2, 12))
        case "postgres clock":
            return Fault(at, kind, "postgres", some(4, 25), chance.choice((TWO_HOURS, -TWO_HOURS)))
        case "worker clock":
            hours = chance.choice((TWO_HOURS, -TWO_HOURS))
            return Fault(at, kind, chance.choice(workers), some(4, 25), hours)
        case "drop" | "silence":
            return Fault(at, kind, "nats")
    return Fault(at, kind, "fork server")


def _engines(placement: str) -> list[str]:
    return [name for name in ("postgres", "nats", "envoy") if name in processes_of(placement)]
