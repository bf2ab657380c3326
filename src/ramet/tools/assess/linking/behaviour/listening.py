"""Receivers as callees: Django runs them within the call, and so the transaction, of a signal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ramet.tools.assess.linking.asked import Asked, Fact
from ramet.tools.assess.linking.behaviour.found import Call, FoundFunction, Receiver, Send
from ramet.tools.assess.linking.behaviour.outlines import hearers, listens

__all__ = ["Listening"]

_SENT_BY = {
    "save": ("pre_save", "post_save"),
    "delete": ("pre_delete", "post_delete"),
    "link": ("m2m_changed",),
}


class Listening:
    """Who hears what a function does. Receivers that hear every model are left out."""

    def __init__(self, receivers: Iterable[Receiver], asked: Asked) -> None:
        """`receivers` are all of the project, in the order of their modules."""
        self._asked = asked
        self._models: dict[tuple[str, str], list[str]] = {}
        self._signals: dict[str, list[Receiver]] = {}
        self._calls: dict[str, tuple[list[Call], list[Fact]]] = {}
        self._receivers: set[str] = set()
        for receiver in receivers:
            self._receivers.add(receiver.function)
            self._signals.setdefault(receiver.signal, []).append(receiver)
            if receiver.sender and ".signals." in receiver.signal:
                key = (receiver.signal.rpartition(".")[2], receiver.sender)
                self._models.setdefault(key, []).append(receiver.function)

    def __contains__(self, function: str) -> bool:
        """Whether a function is connected to a signal, in whatever file."""
        self._asked.note(*listens(function))
        return function in self._receivers

    def calls(self, function: FoundFunction, sends: Iterable[Send]) -> Sequence[Call]:
        """The function's calls, with those of the receivers of what it saves, deletes and sends.

        `sends` are its own.
        """
        if function.name not in self._calls:
            self._calls[function.name] = self._found(function, sends)
        calls, asked_for = self._calls[function.name]
        self._asked.now.update(asked_for)
        return calls

    def _found(
        self, function: FoundFunction, sends: Iterable[Send]
    ) -> tuple[list[Call], list[Fact]]:
        calls = list(function.calls)
        facts = []
        for write in function.writes:
            for signal in _SENT_BY.get(write.how, ()):
                facts.append(hearers(signal, write.model))
                for name in self._models.get((signal, write.model), ()):
                    calls.append(Call(name, write.line, write.region))
        for send in sends:
            facts.append(hearers(send.signal))
            for receiver in self._signals.get(send.signal, ()):
                if not receiver.sender or not send.sender or receiver.sender == send.sender:
                    calls.append(Call(receiver.function, send.line, send.region))
        return calls, facts
