"""What Envoy is told while the system runs: where processes listen, who may call whom, switches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ramet.errors import DiagnosticError, Mistake
from ramet.system import Fault, Policy, Switches, policy
from ramet.tools.local import faults
from ramet.tools.local.plan import Plan


class Switchboard:
    """Keeps the configuration of Envoy as code, processes and operators want it.

    `sockets` gives those of each group's web processes; `changed` is told when a switch was turned.
    """

    def __init__(
        self,
        plan: Plan,
        sockets: Callable[[], Mapping[str, Sequence[Path]]],
        changed: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._sockets = sockets
        self._changed = changed
        self._policy = Policy()
        self._code = Policy()
        self.switches = Switches()

    def write(self) -> None:
        """Put the configuration in place; a running Envoy takes it up by itself."""
        # Of one process it is clear where its socket is; those that are stopped have none.
        told = {name: paths for name, paths in self._sockets().items() if len(paths) != 1}
        self._plan.gateway.write(told, self._policy, self.switches)

    # -- Who may call whom -------------------------------------------------------------------------

    async def read_policy(self) -> None:
        """Allow what the code shows now, in addition to what is allowed already."""
        self._code = await asyncio.to_thread(policy, self._plan.system)
        self._policy |= self._code
        self.write()

    def narrow_policy(self, services: Iterable[str]) -> None:
        """Allow these services no more than their code showed to the last `read_policy`."""
        services = set(services)
        self._policy = self._policy.without(services) | self._code.only(services)
        self.write()

    # -- What an operator switches -----------------------------------------------------------------

    def maintain(self, service: str | None, *, on: bool) -> None:
        """Have the gateway answer for a service, or for all if None, instead of it; or no more."""
        every = {each.name for each in self._plan.services}
        chosen = every if service is None else {self._plan.service(service).name}
        before = self.switches.maintenance
        self._switch(maintenance=before | chosen if on else before - chosen)

    def weigh(self, service: str, weight: int) -> None:
        """Give another percentage of a service's requests to its canary."""
        if self._plan.service(service).canary is None:
            raise DiagnosticError(
                Mistake(
                    reference="no-canary",
                    where=f"[services.{service}]",
                    found="no canary",
                    expected=f"a table [services.{service}.canary] when `ramet up` was started",
                    remedy="declare it with the address of the other version, and start again",
                )
            )
        others = [pair for pair in self.switches.weights if pair[0] != service]
        self._switch(weights=(*others, (service, weight)))

    def fault(self, fault: Fault) -> None:
        """Have a fault befall a service or one of its operations, instead of the one before."""
        self._plan.service(fault.service)
        if mistake := faults.mistake(fault):
            raise DiagnosticError(mistake)
        full_name = faults.operation_of(self._plan.system, fault.service, fault.operation)
        named = replace(fault, operation=full_name)
        self._switch(faults=(*self._others(named), named))

    def mend(self, service: str | None, operation: str) -> None:
        """End the fault of one operation, all of a service's, or all if `service` is None."""
        if service is None:
            kept: tuple[Fault, ...] = ()
        elif operation:
            full_name = faults.operation_of(self._plan.system, service, operation)
            kept = self._others(Fault(service, full_name))
        else:
            name = self._plan.service(service).name
            kept = tuple(each for each in self.switches.faults if each.service != name)
        self._switch(faults=kept)

    def _others(self, fault: Fault) -> tuple[Fault, ...]:
        place = (fault.service, fault.operation)
        return tuple(
            each for each in self.switches.faults if (each.service, each.operation) != place
        )

    def _switch(self, **changes: Any) -> None:
        self.switches = replace(self.switches, **changes)
        self.write()
        self._changed()
