"""A TCP proxy on loopback whose connections can be dropped, refused, or made half-open."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: close() sends RST


class Proxy:
    """Passes what comes to `port` on to `target` (another port of loopback), until `close`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self._is_refusing = False
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def drop(self) -> int:
        """Reset every connection; how many there were."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.reset()
        return len(pairs)

    def silence(self) -> int:
        """Make every connection half-open: it stays, and nothing passes it ever again."""
        with self._lock:
            pairs = [pair for pair in self._pairs if not pair.is_silent]
            for pair in pairs:
                pair.is_silent = True
        return len(pairs)

    def refuse(self, is_refusing: bool) -> None:
        """Reset every connection, and new ones as long as this is so."""
        self._is_refusing = is_refusing
        if is_refusing:
            self.drop()

    def close(self) -> None:
        """Stop listening, and end all connections."""
        self.refuse(True)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                near, _ = self._listener.accept()
                self._serve(near)

    def _serve(self, near: socket.socket) -> None:
        try:
            if self._is_refusing:
                raise ConnectionRefusedError
            far = socket.create_connection(("127.0.0.1", self._target), timeout=2)
        except OSError:
            _reset(near)
            return
        pair = _Pair(near, far)
        with self._lock:
            self._pairs.append(pair)
        pair.start()


class _Pair:
    """The two ends of one connection."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self._ends = (near, far)
        self.is_silent = False

    def start(self) -> None:
        near, far = self._ends
        for source, sink in ((near, far), (far, near)):
            source.settimeout(None)
            threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def reset(self) -> None:
        for end in self._ends:
            _reset(end)

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65_536):
                # Read and thrown away: the sender's kernel sees no difference from a far host
                # whose last answer got lost.
                if not self.is_silent:
                    sink.sendall(chunk)
            if not self.is_silent:
                sink.shutdown(socket.SHUT_WR)


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads it
    end.close()
