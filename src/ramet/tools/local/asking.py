"""What can be asked of a service besides its status: its environment, its management commands."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from ramet.tools.local import commands
from ramet.tools.local.environment import Environments
from ramet.tools.local.folder import Folder
from ramet.tools.local.forks import inherited
from ramet.tools.local.group import GroupProcesses
from ramet.tools.local.managing import Answer, Managing, restarting
from ramet.tools.local.masking import masked, secrets_in
from ramet.tools.local.plan import Plan

_SECONDS = 10.0  # for a zygote to be replaced; with code that does not load there is none for long


class Asking:
    """Answers for the services of `plan`; DiagnosticError for a name that none has."""

    def __init__(
        self,
        plan: Plan,
        folder: Folder,
        groups: Sequence[GroupProcesses],
        environments: Environments,
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._groups = groups
        self._environments = environments
        self._managing = Managing(folder)

    async def manage(self, service: str, arguments: Sequence[str], via: str) -> Answer:
        """What a management command of Ramet's answers, run as `service`; see `managing`."""
        group = self._group_of(service)
        try:
            async with asyncio.timeout(_SECONDS):
                zygote = await group.ready_zygote()
        except TimeoutError:
            raise restarting(group.group.name) from None
        return await self._managing.run(zygote, group.group.name, arguments, via)

    def environment(self, service: str) -> list[dict[str, Any]]:
        """The environment of a service's processes without its secrets; see `masking`."""
        declared = self._plan.system.services.get(service)
        if declared is not None and not declared.is_django:
            environment = commands.environment(
                self._plan.system, self._plan.service(service), self._folder
            )
        else:
            own = self._environments.of_group(self._group_of(service).group)
            environment = {**inherited(os.environ), **own}
        return masked(environment, secrets_in(self._folder.secrets))

    def _group_of(self, service: str) -> GroupProcesses:
        for each in self._groups:
            if service == each.group.name or service in each.group.services:
                return each
        raise self._plan.unknown(service)
