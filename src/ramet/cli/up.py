"""Start the local system: engines, gateway, services, workers."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

from ramet.cli._local import FAILED, here
from ramet.cli._parameters import Option
from ramet.system import Group, Policy, Switches, System, collectors, placement, rates
from ramet.tools.local.folder import Folder


def command(
    as_: Annotated[
        str,
        Option(
            "--as", help="services (a process each), monolith, or groups such as orders+payments"
        ),
    ] = "services",
    only: Annotated[
        str, Option(help="Start only these services, comma separated.", metavar="S,...")
    ] = "",
    detach: Annotated[bool, Option(help="Return when it serves; `ramet down` ends it.")] = False,
    fresh: Annotated[bool, Option(help="Delete all local data (databases, events) first.")] = False,
) -> int:
    """Start everything that ramet.toml declares and keep it running until Ctrl-C.

    A code change restarts the services that contain it.
    """
    from ramet.tools.local import session
    from ramet.tools.local.state import StateFile

    began = _began()
    system, folder = here()
    groups = _chosen(system, as_, only)
    if detach:
        from ramet.cli._detached import start

        return start(system, folder, as_, only, fresh=fresh)
    try:
        with session.only_one(folder):
            StateFile(folder).end_leftovers()
            if fresh:
                folder.forget()
            folder.make()
            code = _run(system, folder, groups, as_, began)
    except session.AlreadyRunning:
        print(f"ramet: {system.name} is running already: see `ramet status`", file=sys.stderr)
        return FAILED
    return code


def _run(system: System, folder: Folder, groups: tuple[Group, ...], as_: str, began: float) -> int:
    import asyncio

    from ramet.cli._summary import summary
    from ramet.errors import DiagnosticError
    from ramet.tools.local import session
    from ramet.tools.local.plan import Plan

    plan = Plan(system, groups, as_, _gateway(system, groups, folder), began)
    _say(f"starting {system.name} ({len(system.services)} services) ...")
    try:
        asyncio.run(session.run(plan, folder, _say, lambda status: _say(summary(status, folder))))
    except DiagnosticError as error:
        print(f"{error}\n\nramet: {system.name} did not start", file=sys.stderr)
        return FAILED
    _say(f"{system.name} is down")
    return 0


def _gateway(system: System, groups: tuple[Group, ...], folder: Folder) -> Any:
    """Bring two tools together that know nothing of each other: one configures, one runs."""
    from ramet.cli._issuer import ForeignIssuer
    from ramet.tools import gateway, ratelimit
    from ramet.tools.local import dashboard, edge_certificate
    from ramet.tools.local.authority import Authority
    from ramet.tools.local.envoy import Gateway

    gateway.require_usable(system.gateway)
    counted_at = rates.counted_at(system, os.environ)
    if is_ours := rates.is_redis(counted_at):
        ratelimit.require_usable(counted_at)
    certificate, key = None, None
    if system.gateway.tls == "local":
        authority = Authority(system.name, folder.secrets, folder.certificates)
        certificate, key = edge_certificate.ensure(
            authority, folder.public_certificate, system.gateway.public_host
        )
    foreign = None
    if system.gateway.issuer is not None and system.has_foreign_issuer:
        foreign = ForeignIssuer(system.gateway.issuer, folder.path / "issuer.json", _say)
    telemetry, telemetry_headers = dashboard.collector(system), collectors.headers(os.environ)
    writing = Lock()
    written: tuple[Mapping[str, Sequence[Path]], Policy, Switches] = ({}, Policy(), Switches())

    def topology(endpoints: Mapping[str, Sequence[Path]]) -> gateway.Topology:
        return gateway.Topology(
            config_dir=folder.envoy,
            run_dir=folder.run,
            host=system.gateway.host,
            port=system.gateway.port,
            access_log=folder.logs / "access.log",
            certificates=folder.certificates,
            endpoints={name: [str(path) for path in paths] for name, paths in endpoints.items()},
            jwks_url=None if foreign is None else foreign.jwks_url,
            certificate=certificate,
            key=key,
            rate_service=counted_at if system.has_shared_rates and not is_ours else None,
            telemetry=telemetry,
            telemetry_headers=telemetry_headers,
        )

    def write(endpoints: Mapping[str, Sequence[Path]], policy: Policy, switches: Switches) -> None:
        nonlocal written
        with writing:
            written = endpoints, policy, switches
            put()

    def write_again() -> None:
        with writing:  # what was written may be another thing once it is our turn
            put()

    def put() -> None:
        endpoints, policy, switches = written
        files = gateway.compile(system, groups, topology(endpoints), policy, switches)
        gateway.write(folder.envoy, files)

    if foreign is not None:
        foreign.keep_asking(write_again)
    return Gateway(gateway.command(folder.envoy), topology({}).admin_socket, write)


def _chosen(system: System, as_: str, only: str) -> tuple[Group, ...]:
    groups = placement(system, as_)
    names = {name.strip() for name in only.split(",") if name.strip()}
    if not names:
        return groups
    # The placement knows how to refuse a name that does not exist.
    placement(system, ",".join(sorted(names)))
    return tuple(group for group in groups if names & set(group.services))


def _began() -> float:
    """When this process began: what a person waits for includes the start of Python."""
    import psutil

    began: float = psutil.Process().create_time()
    return min(time.time(), began)


def _say(text: str) -> None:
    # Whoever read us (a pipe, a terminal) may be gone; the system is not to end by that.
    with contextlib.suppress(OSError):
        print(text, flush=True)
