"""Count requests in Redis for several gateways, as a rate limit service of Envoy's."""

from __future__ import annotations

import json
import os
from typing import Annotated

from ramet.cli._parameters import Option
from ramet.errors import DiagnosticError, Mistake
from ramet.system import System, load, rates
from ramet.system.edge import is_loopback


def command(
    listen: Annotated[
        str,
        Option(help="A Unix socket's path, or host:port on this machine."),
    ] = "127.0.0.1:8081",
    export: Annotated[
        bool,
        Option(help="Print the rates for envoyproxy/ratelimit, and end."),
    ] = False,
) -> None:
    """Serve the rates of ramet.toml until it is ended; [infrastructure] rates says which Redis.

    `ramet up` does this by itself. Elsewhere run one beside each gateway.
    """
    from ramet.tools import ratelimit

    system = load()
    if export:
        print(json.dumps(ratelimit.configuration(system), indent=2))
        return
    url = _redis(system)
    _require_private(listen)
    ratelimit.require_usable(url)
    from ramet.telemetry import logs
    from ramet.tools.ratelimit.serving import serve

    logs.configure("gateway", "ratelimit")
    serve(system, url, listen)


def _redis(system: System) -> str:
    url = rates.counted_at(system, os.environ)
    if rates.is_redis(url):
        return url
    raise DiagnosticError(
        Mistake(
            "no-redis",
            "[infrastructure] rates",
            found="rates that are counted elsewhere",
            expected='a Redis to count in, such as rates = "$REDIS_URL"',
            remedy="Name it; with any other value the gateways need no `ramet ratelimit`.",
        )
    )


def _require_private(listen: str) -> None:
    """Users' names and addresses come by here without TLS, and nobody has to say who asks."""
    host, _, port = listen.rpartition(":")
    if listen.startswith("/") or (is_loopback(host.strip("[]")) and port.isdecimal()):
        return
    raise DiagnosticError(
        Mistake(
            "open-listener",
            f"--listen {listen}",
            found="no socket's path and no port of this machine",
            expected="/run/ramet/ratelimit.sock, 127.0.0.1:8081, or the like",
            remedy="Run one beside each gateway: they share the Redis, not the process.",
        )
    )
