"""What the control socket and the file watcher have done to the processes of a running system."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.local.group import GroupProcesses
from ramet.tools.local.infrastructure import Infrastructure
from ramet.tools.local.keeper import Keeper
from ramet.tools.local.plan import Plan
from ramet.tools.local.switchboard import Switchboard


class Operations:
    """Restarts, scales and reloads the `groups` of Django services and what else `keepers` gives.

    A service is named by itself, its group, or as `status` shows an engine or another program.
    """

    def __init__(
        self,
        plan: Plan,
        groups: list[GroupProcesses],
        keepers: Callable[[], Iterable[Keeper]],
        infrastructure: Infrastructure,
        switchboard: Switchboard,
    ) -> None:
        self._plan = plan
        self._groups = groups
        self._keepers = keepers
        self._infrastructure = infrastructure
        self._switchboard = switchboard
        self._reloading = asyncio.Lock()

    async def restart(self, service: str) -> None:
        """Replace a service's (its group's) processes, or an engine's; DiagnosticError if none.

        What is stopped is started, with its code as it is now.
        """
        if keeper := self._keeper_of(service):
            if keeper.process.state == "stopped":
                await self.start(service)
            else:
                await keeper.restart()
            return
        group = self._group_of(service)
        is_new = await self._reload([group], "as asked")
        if group.is_stopped:
            await group.resume(self._switchboard.write)
        if not is_new:
            raise DiagnosticError(
                Mistake(
                    reference="not-restarted",
                    where=service,
                    found="code that does not load or migrate; the old processes go on",
                    expected="code that Django can load",
                    remedy="see the message of `ramet up`, or `ramet logs`",
                )
            )

    async def stop(self, service: str) -> None:
        """End a service's (its group's) processes, or an engine's, until `start`."""
        if keeper := self._keeper_of(service):
            await keeper.stop()
        else:
            await self._group_of(service).halt(self._switchboard.write)

    async def start(self, service: str) -> None:
        """Start what `stop` ended; returns when it serves. What runs already is left as it is."""
        if keeper := self._keeper_of(service):
            if keeper.process.state == "stopped":
                keeper.begin()
                await keeper.first_ready
            return
        group = self._group_of(service)
        if group.is_stopped:
            await group.resume(self._switchboard.write)

    async def scale(self, service: str, count: int) -> None:
        """Have `count` web processes for a service's group. DiagnosticError if it is unknown."""
        await self._group_of(service).scale(count, self._switchboard.write)

    async def reload(self, services: set[str] | None, why: str) -> None:
        """Restart the groups of `services` (all if None), because their code changed."""
        await self._reload(
            [
                group
                for group in self._groups
                if services is None or services & set(group.group.services)
            ],
            why,
        )

    async def _reload(self, groups: list[GroupProcesses], why: str) -> bool:
        """Restart `groups` with the rights of their new code; whether all of it runs."""
        # One at a time: who read the source first must not have the last word.
        async with self._reloading:
            await self._infrastructure.renew_broker_rights()
            # Both while old and new processes run side by side: neither is refused what it needs.
            await self._switchboard.read_policy()
            is_new = await asyncio.gather(*(group.reload(why) for group in groups))
            # Where the old code goes on, so do its rights: a file that does not parse shows none.
            self._switchboard.narrow_policy(
                name
                for group, done in zip(groups, is_new, strict=True)
                if done
                for name in group.group.services
            )
            return all(is_new)

    def _keeper_of(self, name: str) -> Keeper | None:
        return next((each for each in self._keepers() if each.process.service == name), None)

    def _group_of(self, service: str) -> GroupProcesses:
        for each in self._groups:
            if service == each.group.name or service in each.group.services:
                return each
        raise self._plan.unknown(service)
