"""The loop of a process that forks on request: what the fork server and a zygote share.

Orders come as JSON lines over a Unix socket, each with the descriptors that it needs; answers and
deaths of children go back as JSON lines. The process stays single-threaded, so that a fork is safe.
When the other end closes the socket, this process and its children have nothing left to do.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ramet.processes.lifetime import die_with

Order = dict[str, Any]
_MAXIMUM_DESCRIPTORS = 4


class ForkLoop:
    """Reads orders from `control` and forks; `run_child(order, descriptors)` is what a child does.

    `run_child` returns the child's exit status. An order is `{"name": ..., "env": {...},
    "log": path, ...}`. Answers: `{"event": "forked", "name", "pid"}`, and, when it has ended,
    `{"event": "exited", "name", "pid", "status"}` (negative: the signal).
    """

    def __init__(
        self,
        control: socket.socket,
        run_child: Callable[[Order, list[socket.socket]], int],
        *,
        children_outlive_us: bool = False,
    ) -> None:
        self._control = control
        self._run_child = run_child
        self._children_outlive_us = children_outlive_us
        self._names: dict[int, str] = {}
        self._buffer = b""
        self._descriptors: list[int] = []
        self._wake_read, self._wake_write = socket.socketpair()
        self._selector = selectors.DefaultSelector()

    def report(self, **event: Any) -> None:
        """Send one event to the supervisor; it may be gone, and then we end anyway."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._control.sendall(json.dumps(event).encode() + b"\n")

    def run(self) -> None:
        """Serve orders until the control socket closes."""
        self._wake_write.setblocking(False)
        self._wake_read.setblocking(False)
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self._selector.register(self._control, selectors.EVENT_READ)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._wake_read:
                    with contextlib.suppress(BlockingIOError):
                        self._wake_read.recv(4096)
                    continue
                orders = self._read()
                if orders is None:
                    return
                for order, descriptors in orders:
                    self._fork(order, descriptors)
            self._reap()

    def _read(self) -> list[tuple[Order, list[int]]] | None:
        """The complete orders that have arrived; None when the supervisor is gone."""
        try:
            chunk, descriptors, _, _ = socket.recv_fds(self._control, 65_536, _MAXIMUM_DESCRIPTORS)
        except ConnectionResetError:
            return None
        if not chunk:
            return None
        self._buffer += chunk
        self._descriptors += descriptors
        *lines, self._buffer = self._buffer.split(b"\n")
        orders = []
        for line in lines:
            order = json.loads(line)
            count = order.get("descriptors", 0)
            mine, self._descriptors = self._descriptors[:count], self._descriptors[count:]
            orders.append((order, mine))
        return orders

    def _fork(self, order: Order, descriptors: list[int]) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                self._become_child(parent, order)
                status = self._run_child(order, [socket.socket(fileno=d) for d in descriptors])
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else int(end.code is not None)
            except BaseException:  # noqa: BLE001 - a fork must never return into its parent's code
                traceback.print_exc()
            finally:
                with contextlib.suppress(Exception):
                    sys.stdout.flush()
                    sys.stderr.flush()
                # Not sys.exit: what our parent registered to run at its end is not ours to run.
                os._exit(status)
        for descriptor in descriptors:
            os.close(descriptor)
        self._names[pid] = order["name"]
        self.report(event="forked", name=order["name"], pid=pid)

    def _become_child(self, parent: int, order: Order) -> None:
        """Give up everything that belongs to the loop, and take what the order says."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        self._selector.close()
        self._control.close()
        self._wake_read.close()
        self._wake_write.close()
        if not self._children_outlive_us:
            die_with(parent)
        redirect_output(Path(order["log"]))
        os.environ.update(order.get("env", {}))

    def _reap(self) -> None:
        for pid, status in _ended_children():
            name = self._names.pop(pid, None)
            if name is not None:
                self.report(event="exited", name=name, pid=pid, status=status)


def redirect_output(log: Path) -> None:
    """Send standard output and error, also those of C code, to the end of `log`."""
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _ended_children() -> Iterator[tuple[int, int]]:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status)
