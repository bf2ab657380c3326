"""What modules see of each other's functions, fact by fact, so that two states can be compared.

What a module adds to a scan follows from its own file and from these facts of others (`parts`).
"""

from __future__ import annotations

from collections.abc import Iterator

from ramet.tools.assess.linking.asked import Fact
from ramet.tools.assess.linking.behaviour.found import Found, Receiver

__all__ = ["changes", "deeds", "ends", "heard_by", "hearers", "listens"]


def ends(function: str) -> Fact:
    """What an edge to a function names, and whether there is one of that name."""
    return "ends", function


def deeds(function: str) -> Fact:
    """What a function writes, calls and sends by itself, and where."""
    return "deeds", function


def listens(function: str) -> Fact:
    """Whether a function is connected to a signal."""
    return "listens", function


def hearers(signal: str, model: str = "") -> Fact:
    """Who hears a signal: one of Django's, by its last name, from a model, or one by its path."""
    return "hearers", f"{signal} {model}"


def heard_by(receiver: Receiver) -> Iterator[Fact]:
    """The facts that a receiver is part of."""
    yield listens(receiver.function)
    yield hearers(receiver.signal)
    if receiver.sender and ".signals." in receiver.signal:
        yield hearers(receiver.signal.rpartition(".")[2], receiver.sender)


def changes(before: Found, after: Found) -> set[Fact]:
    """The facts that are others after a change of a module."""
    old, new = _facts(before), _facts(after)
    return {fact for fact in old.keys() | new.keys() if old.get(fact) != new.get(fact)}


def _facts(found: Found) -> dict[Fact, list[object]]:
    facts: dict[Fact, list[object]] = {}
    for each in found.functions:
        models = [write.model for write in each.writes]
        writes = [(write.model, write.line, write.how) for write in each.writes]
        calls = [call.function for call in each.calls if call.how == "call"]
        facts.setdefault(ends(each.name), []).append((each.model, models))
        facts.setdefault(deeds(each.name), []).append((writes, calls))
    for send in found.sends:
        facts.setdefault(deeds(send.function), []).append((send.signal, send.sender))
    for receiver in found.receivers:
        for fact in heard_by(receiver):
            facts.setdefault(fact, []).append((receiver.sender, receiver.function))
    return facts
