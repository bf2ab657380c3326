"""The certificates of a running local system: made at its start, renewed and rotated in time."""

from __future__ import annotations

import asyncio

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.local import edge_certificate, trust
from ramet.tools.local.authority import Authority
from ramet.tools.local.folder import Folder
from ramet.tools.local.keeper import Report
from ramet.tools.local.plan import Plan

_LOOK_SECONDS = 60.0
_ASK_SECONDS = 0.1
_TAKEN_UP_SECONDS = 30.0
"""Envoy reads a file that changed in under 0.1 s, but it may be starting, or have much to do."""


class MeshCertificates:
    """Looks after the certificates of the mesh; `report` is told what a person should know."""

    def __init__(self, plan: Plan, folder: Folder, report: Report) -> None:
        self._gateway, self._members = plan.system.gateway, plan.mesh_members
        self._admin_socket = plan.gateway.admin_socket
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
        """Have a new authority sign, once everybody believes it; the old one is believed on.

        DiagnosticError where Envoy does not: then all stays as it is.
        """
        async with self._changing:
            following = self._authority.announce()
            self.renew()
            await self._is_believed(following)
            self._authority.promote()
            self.renew()

    async def _is_believed(self, authority: int) -> None:
        try:
            async with asyncio.timeout(_TAKEN_UP_SECONDS):
                while not await asyncio.to_thread(
                    trust.is_believed, authority, self._authority.domain, self._admin_socket
                ):
                    await asyncio.sleep(_ASK_SECONDS)
        except TimeoutError:
            raise DiagnosticError(
                Mistake(
                    reference="authority-not-believed",
                    where=str(self._folder.certificates),
                    found=f"an Envoy that has not taken up the next authority "
                    f"within {_TAKEN_UP_SECONDS:g} s",
                    expected="the next authority among those that it believes",
                    remedy="see `ramet logs`; then try again: the old one goes on signing",
                )
            ) from None

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
