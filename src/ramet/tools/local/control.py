"""The control socket: one JSON object per line in, one out; for the commands and the dashboard.

`{"command": "status"}` answers what the state file has. `rates`, `stop` (everything), `restart`,
`stop-service` and `start-service` (service), `scale` (service, count), `maintenance` (service or
null, on), `canary` (service, weight), `fault` (service, service.operation or null; off, or delay,
status, share, gone), `manage` (service, arguments, via), `environment` (service), `certificates`,
`rotate-authority` and `logs` (service or null, lines) answer `{"ok": true, ...}` or
`{"error": text}` when done. Whoever may open the socket (its folder has mode 0700) may do it all;
what changes something is reported, with `via`: "dashboard" as who asked.
"""

from __future__ import annotations

import asyncio
import json
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ramet.errors import DiagnosticError
from ramet.tools.local import child, deeds, faults, logs

if TYPE_CHECKING:
    from ramet.tools.local.supervisor import Supervisor

_LONGEST_LINE = 65_536


class ControlServer:
    """Takes commands for `supervisor`."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._server: asyncio.Server | None = None
        self.stop_requested = asyncio.Event()

    async def start(self, path: Path) -> None:
        """Listen on the Unix socket `path`."""
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(
            self._serve, path=str(path), limit=_LONGEST_LINE
        )
        path.chmod(0o600)

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await self._answer(line)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            return  # the other end left, or sent a line without an end
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            if (deed := deeds.described(request, datetime.now(UTC))) is not None:
                self._supervisor.report(deed)
            return await self._do(request)
        except DiagnosticError as error:
            return {"error": str(error)}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return {"error": f"no such request: {error!r}"}
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Not this task: what it waited for, a process to be ready, is waited for no more.
            return {"error": "stopped, while it was being started"}

    async def _do(self, request: dict[str, Any]) -> dict[str, Any]:
        supervisor = self._supervisor
        match request["command"]:
            case "status":
                return supervisor.snapshot()
            case "rates":
                return {"ok": True, "rates": supervisor.rates.as_json()}
            case "stop":
                self.stop_requested.set()
            case "restart":
                await supervisor.operations.restart(request["service"])
            case "scale":
                await supervisor.operations.scale(request["service"], int(request["count"]))
            case "stop-service":
                await supervisor.operations.stop(request["service"])
            case "start-service":
                await supervisor.operations.start(request["service"])
            case "fault":
                service, operation = faults.place(request["service"])
                if request.get("off") is True:
                    supervisor.switchboard.mend(service, operation)
                else:
                    supervisor.switchboard.fault(faults.read(service, operation, request))
            case "manage":
                arguments = [str(each) for each in request["arguments"]]
                answer = await supervisor.asking.manage(
                    request["service"], arguments, str(request.get("via", ""))
                )
                return {"ok": True, **answer.as_json()}
            case "environment":
                found = supervisor.asking.environment(request["service"])
                return {"ok": True, "environment": found}
            case "certificates":
                return {"ok": True, "certificates": supervisor.certificates.as_json()}
            case "rotate-authority":
                await supervisor.certificates.rotate()
            case "maintenance":
                supervisor.switchboard.maintain(request["service"], on=request["on"] is True)
            case "canary":
                supervisor.switchboard.weigh(request["service"], int(request["weight"]))
            case "logs":
                files = logs.files(
                    supervisor.folder, request.get("service"), supervisor.plan.members_of_groups
                )
                count = int(request.get("lines", 100))
                texts = {file.stem: child.last_lines(file, count) for file in files}
                return {"ok": True, "logs": texts}
            case unknown:
                return {"error": f"no such command: {unknown}"}
        return {"ok": True}


def ask(path: Path, request: dict[str, Any], *, timeout: float = 60.0) -> dict[str, Any]:
    """Send one request to the supervisor at `path` and return its answer.

    Raises ConnectionError when nobody listens there, TimeoutError after `timeout` seconds.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(path))
        except FileNotFoundError as error:
            raise ConnectionRefusedError(str(error)) from error
        connection.sendall(json.dumps(request).encode() + b"\n")
        line = connection.makefile("rb").readline()
    if not line:
        raise ConnectionResetError("the supervisor ended")
    answer = json.loads(line)
    assert isinstance(answer, dict)
    return answer
