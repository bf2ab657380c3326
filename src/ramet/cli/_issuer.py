"""Where a foreign issuer's keys are, for the gateway of the local system.

Envoy fetches keys by itself, but has to be told where; the issuer says it in its discovery
document, and may be away when the system starts, or move its keys later.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from ramet.errors import DiagnosticError

__all__ = ["ForeignIssuer"]

_UNKNOWN_SECONDS = 5.0
_KNOWN_SECONDS = 300.0


class ForeignIssuer:
    """Asks `issuer` and keeps its last good answer in the file `memory`.

    `report` is told what a person should know: once for each thing that is wrong. None of it ends
    the thread.
    """

    def __init__(self, issuer: str, memory: Path, report: Callable[[str], None]) -> None:
        self.issuer = issuer
        self.jwks_url = _remembered(issuer, memory)
        self._memory = memory
        self._report = report
        self._told = ""
        self._not_passed_on = ""

    def keep_asking(self, changed: Callable[[], None]) -> None:
        """Ask now and again from a thread of its own; `changed` is called after each new answer,
        and again where it failed with OSError or DiagnosticError."""

        def ask_for_ever() -> None:
            is_due = False
            while True:
                is_due = self.ask() or is_due
                if is_due:
                    is_due = not self._passes_on(changed)
                is_well = not is_due and not self._told
                time.sleep(_KNOWN_SECONDS if is_well else _UNKNOWN_SECONDS)

        Thread(target=ask_for_ever, name="foreign-issuer", daemon=True).start()

    def ask(self) -> bool:
        """Whether the answer is another one than before; no answer changes nothing."""
        # Here, because joserfc takes a moment to import, and only such systems need it.
        from ramet.identity import KeysUnavailable, discovery

        try:
            found = discovery.jwks_url(self.issuer)
        except KeysUnavailable as failure:
            self._tell(str(failure))
            return False
        if self._told:
            self._report(f"[gateway] issuer {self.issuer} answers now")
            self._told = ""
        if found == self.jwks_url:
            return False
        self.jwks_url = found
        try:
            self._memory.write_text(json.dumps({"issuer": self.issuer, "jwks_url": found}), "utf-8")
        except OSError as failure:
            self._report(f"[gateway] the address of the issuer's keys is not remembered: {failure}")
        return True

    def _passes_on(self, changed: Callable[[], None]) -> bool:
        try:
            changed()
        except (OSError, DiagnosticError) as failure:
            if str(failure) != self._not_passed_on:
                self._not_passed_on = str(failure)
                self._report(
                    f"[gateway] cannot be told the address of the issuer's keys: {failure}"
                )
            return False
        self._not_passed_on = ""
        return True

    def _tell(self, failure: str) -> None:
        if failure == self._told:
            return
        self._told = failure
        now = (
            "requests with a token get 503 until it can"
            if self.jwks_url is None
            else f"its keys are still fetched from {self.jwks_url}"
        )
        self._report(f"[gateway] issuer cannot be asked where its keys are: {failure}; {now}")


def _remembered(issuer: str, memory: Path) -> str | None:
    try:
        said = json.loads(memory.read_text("utf-8"))
        return str(said["jwks_url"]) if said["issuer"] == issuer else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
