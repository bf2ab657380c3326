"""A taken port is told before anything starts."""

import os
import socket

import pytest

from ramet.errors import DiagnosticError
from ramet.tools.local import ports


def test_a_free_port_passes() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ports.require_free({"gateway": ("127.0.0.1", port)})


def test_all_taken_ports_are_told_together_with_their_holder() -> None:
    with socket.socket() as first, socket.socket() as second:
        for holder in (first, second):
            holder.bind(("127.0.0.1", 0))
            holder.listen()
        taken = {
            "gateway": ("127.0.0.1", first.getsockname()[1]),
            "dashboard": ("127.0.0.1", second.getsockname()[1]),
        }
        with pytest.raises(DiagnosticError) as caught:
            ports.require_free(taken)
    assert [mistake.reference for mistake in caught.value.mistakes] == ["port-taken"] * 2
    assert f"(pid {os.getpid()}, user " in caught.value.mistakes[0].found
    assert "for the dashboard" in caught.value.mistakes[1].expected


def test_an_address_that_is_not_ours_is_told_as_such() -> None:
    with pytest.raises(DiagnosticError) as caught:
        ports.require_free({"gateway": ("192.0.2.1", 8000)})  # TEST-NET-1, RFC 5737
    assert "no address of this machine" in caught.value.mistakes[0].found


def test_unused_ports_are_free_and_stay_clear_of_outgoing_connections() -> None:
    first = ports.unused(2)
    ports.require_free({"one": ("127.0.0.1", first), "two": ("127.0.0.1", first + 1)})
    assert 20_000 <= first < 32_000
