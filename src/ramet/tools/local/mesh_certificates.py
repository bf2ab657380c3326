"""The certificates of a running local system: made at its start, renewed and rotated in time."""

from __future__ import annotations

import asyncio

from ramet.errors import DiagnosticError
from ramet.tools.local import edge_certificate
from ramet.tools.local.authority import Authority
from ramet.tools.local.folder import Folder
from ramet.tools.local.keeper import Report
from ramet.tools.local.plan import Plan

_LOOK_SECONDS = 60.0
_TAKEN_UP_SECONDS = 3.0
"""By then Envoy has long read a file that changed: it takes it under 0.1 s."""


class MeshCertificates:
    """Looks after the certificates of the mesh; `report` is told what a person should know."""

    def __init__(self, plan: Plan, folder: Folder, report: Report) -> None:
        self._gateway, self._members = plan.system.gateway, plan.mesh_members
        self._folder = folder
        self._authority = Authority(plan.system.name, folder.secrets, folder.certificates)
        self._report = report
        self._changing = asyncio.Lock()

    def renew(self) -> None:
        """Make what is missing or past half its life, the gateway's own for browsers too.

        DiagnosticError for files nobody can use.
        """
        self._authority.renew(self._members)
        if self._gateway.tls == "local":
            edge_certificate.ensure(
                self._authority, self._folder.public_certificate, self._gateway.public_host
            )

    async def keep(self) -> None:
        """Renew in time, for ever."""
        told = ""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                if self._authority.is_due():
                    await self.rotate()
                async with self._changing:
                    self.renew()
                told = ""
            except (DiagnosticError, OSError) as error:  # what runs goes on with what it has
                if str(error) != told:
                    self._report(str(error))
                told = str(error)

    async def rotate(self) -> None:
        """Have a new authority sign, once everybody believes it; the old one is believed on."""
        async with self._changing:
            self._authority.announce()
            self.renew()
            await asyncio.sleep(_TAKEN_UP_SECONDS)
            self._authority.promote()
            self.renew()

    def as_json(self) -> list[dict[str, str]]:
        """The certificates in use; times in UTC as of RFC 3339."""
        return [
            {
                "service": leaf.service,
                "identity": leaf.identity,
                "not_after": leaf.not_after.isoformat().replace("+00:00", "Z"),
                "serial": leaf.serial,
            }
            for leaf in self._authority.leaves()
        ]
