"""What must hold when everything has settled, and what is wrong where it does not.

Violations begin with their kind: `lost`, `doubled`, `phantom`, `disorder`, `orphan`, `dead`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

HANDLERS = ["poison", "shaky", "steady"]
DEAD = ("poison", "p", 1)
"""What no handler can do: it ends as a dead letter, and its key goes on."""


def violations(found: dict[str, Any]) -> list[str]:
    """Everything that is wrong with a settled service; see `world.report`."""
    deeds = [(str(key), int(number)) for key, number in found["deeds"]]
    expected = Counter(
        (handler, key, number)
        for handler in HANDLERS
        for key, number in deeds
        if (handler, key, number) != DEAD
    )
    effects = [(str(h), str(k), int(n)) for h, k, n in found["effects"]]
    seen = Counter(effects)
    wrong = [f"lost: {each}" for each in expected if not seen[each]]
    wrong += [f"doubled: {each} {times}" for each, times in seen.items() if times > 1]
    wrong += [f"phantom: {each}" for each in seen if each not in expected]
    wrong += _disorder(effects)
    if found["dead"] != [["poison", "p"]]:
        wrong.append(f"dead: {found['dead']}")
    kept = len(deeds) * len(HANDLERS)
    empty = ("outbox", "scheduled", "ready", "leases")
    for place, left in [*((each, 0) for each in empty), ("inbox", kept)]:
        if found[place] != left:
            wrong.append(f"orphan: {found[place]} rows in {place}, {left} expected")
    return wrong


def _disorder(effects: list[tuple[str, str, int]]) -> list[str]:
    wrong = []
    lanes: dict[tuple[str, str], list[int]] = {}
    for handler, key, number in effects:
        lanes.setdefault((handler, key), []).append(number)
    for lane, numbers in lanes.items():
        first = list(dict.fromkeys(numbers))  # doubles are another matter
        if first != sorted(first):
            wrong.append(f"disorder: {lane} {numbers}")
    return wrong
