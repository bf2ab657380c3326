"""The databases and the broker of a local system: embedded, or the user's own by URL."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from ramet.placement.messaging import messaging
from ramet.tools.local import dashboard, databases
from ramet.tools.local.broker_rights import Rights, rights
from ramet.tools.local.folder import Folder
from ramet.tools.local.nats import Nats
from ramet.tools.local.plan import Plan
from ramet.tools.local.postgres import Postgres


class Infrastructure:
    """What the groups of `plan` keep their data in. Nothing is started here.

    `databases` and `brokers` are URLs by the name of a group, since each has a user of its own; the
    latter is empty when all events stay in one database. `postgres` and `nats` are None where the
    user has a server of the kind. `telemetry` is the base URL of an OTLP collector; None: nothing
    is exported. DiagnosticError for what cannot be used.
    """

    def __init__(self, plan: Plan, folder: Folder) -> None:
        self._plan = plan
        declared = plan.system.infrastructure.resolved(os.environ)
        groups = plan.django_groups
        self.postgres: Postgres | None = None
        self.nats: Nats | None = None
        self.brokers: dict[str, str] = {}
        if declared.postgres == "embedded":
            self.postgres = Postgres(folder.postgres, folder.run, folder.logs / "postgres.log")
            self.databases = {
                group.name: self.postgres.url(databases.name_of(group)) for group in groups
            }
        else:
            self._server = declared.postgres
            self.databases = databases.on_server(self._server, plan.system.name, groups)
        if declared.broker != "embedded":
            self.brokers = {group.name: declared.broker for group in groups}
        elif len(plan.groups) > 1:
            self.nats = Nats(folder.nats, folder.logs / "nats.log", self._broker_rights)
            self.brokers = {group.name: self.nats.url(group.name) for group in groups}
        self.telemetry = dashboard.collector(plan.system)

    @property
    def engines(self) -> list[Postgres | Nats]:
        """The embedded ones, in the order in which to start them."""
        return [engine for engine in (self.postgres, self.nats) if engine is not None]

    def create_databases(self) -> None:
        """Create those that are missing. Takes its time: call it in a thread."""
        if self.postgres is not None:
            names = [databases.name_of(group) for group in self._plan.django_groups]
            self.postgres.create_databases(names)
        else:
            databases.create_missing(self._server, [*self.databases.values()])

    async def renew_broker_rights(self) -> None:
        """Allow each group on the embedded broker what its code shows now."""
        if self.nats is not None:
            await asyncio.to_thread(self.nats.renew_rights)

    def _broker_rights(self) -> Mapping[str, Rights]:
        system = self._plan.system
        found = messaging(system)
        return {
            group.name: rights(system.name, group.name, group.services, found)
            for group in self._plan.django_groups
        }
