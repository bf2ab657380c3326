"""What the running code declares: contracts, events, subscriptions and sagas of each service.

As `ramet manifest` has it, but from the processes that run, whichever version of the code they
have; without a running system there is nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ramet.tools.dashboard.operator import Operator

__all__ = ["Manifest"]

_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Manifest:
    """Each service's part of the manifest, by the name of the service."""

    services: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, operator: Operator) -> Manifest:
        """As the groups say it, asked again when processes have been started."""
        generation = operator.generation()
        answers = operator.lately("ramet_manifest", seconds=_SECONDS, generation=generation)
        services: dict[str, dict[str, Any]] = {}
        for answer in answers.of.values():
            services |= answer["services"]
        return cls(services)

    def saga(self, name: str, version: int) -> dict[str, Any] | None:
        """The declaration of one version of a saga, such as `shop.orders.PlaceOrder`."""
        for declared in self.services.values():
            found: dict[str, Any] | None = declared.get("sagas", {}).get(f"{name}.v{version}")
            if found is not None:
                return found
        return None
