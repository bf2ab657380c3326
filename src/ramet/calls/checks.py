"""Django system check: a contract that lives here but that nothing implements (ramet.E010)."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error

from ramet.calls.contracts import contracts
from ramet.calls.implementations import implementation_of
from ramet.placement import here

__all__ = ["check_implementations"]


def check_implementations(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """E010, for each contract of the services that live here."""
    place = here()
    messages: list[CheckMessage] = []
    for full_name, contract in sorted(contracts().items()):
        service = place.service_of(contract.__module__)
        if service is None or not place.has(service) or implementation_of(contract) is not None:
            continue
        services = f"{contract.__module__.rpartition('.')[0]}.services"
        messages.append(
            Error(
                f"Nothing implements the contract {full_name}: its calls would be refused.",
                hint=f"Decorate a class in {services} with @ramet.implements({contract.__name__}).",
                obj=f"{contract.__module__}.{contract.__qualname__}",
                id="ramet.E010",
            )
        )
    return messages
