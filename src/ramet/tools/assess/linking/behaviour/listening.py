"""Receivers as callees: Django runs them within the call, and so the transaction, of a signal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ramet.tools.assess.linking.behaviour.found import (
    Call,
    Found,
    FoundFunction,
    Receiver,
    Send,
)

__all__ = ["Listening"]

_SENT_BY = {
    "save": ("pre_save", "post_save"),
    "delete": ("pre_delete", "post_delete"),
    "link": ("m2m_changed",),
}


class Listening:
    """Who hears what a function does. Receivers that hear every model are left out."""

    def __init__(self, found: Mapping[str, Found]) -> None:
        self._models: dict[tuple[str, str], list[str]] = {}
        self._signals: dict[str, list[Receiver]] = {}
        self._sends: dict[str, list[Send]] = {}
        self._calls: dict[str, list[Call]] = {}
        self._receivers: set[str] = set()
        for one in found.values():
            for receiver in one.receivers:
                self._receivers.add(receiver.function)
                self._signals.setdefault(receiver.signal, []).append(receiver)
                if receiver.sender and ".signals." in receiver.signal:
                    key = (receiver.signal.rpartition(".")[2], receiver.sender)
                    self._models.setdefault(key, []).append(receiver.function)
            for send in one.sends:
                self._sends.setdefault(send.function, []).append(send)

    def __contains__(self, function: str) -> bool:
        """Whether a function is connected to a signal, in whatever file."""
        return function in self._receivers

    def calls(self, function: FoundFunction) -> Sequence[Call]:
        """The function's calls, with those of the receivers of what it saves, deletes and sends."""
        if function.name not in self._calls:
            heard = [
                Call(receiver, write.line, write.region)
                for write in function.writes
                for signal in _SENT_BY.get(write.how, ())
                for receiver in self._models.get((signal, write.model), ())
            ]
            heard += [
                Call(receiver.function, send.line, send.region)
                for send in self._sends.get(function.name, ())
                for receiver in self._signals.get(send.signal, ())
                if not receiver.sender or not send.sender or receiver.sender == send.sender
            ]
            self._calls[function.name] = [*function.calls, *heard]
        return self._calls[function.name]
