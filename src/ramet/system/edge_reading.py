"""From the values of [gateway], and of a service's keys for the edge, to what the model holds."""

from pathlib import Path
from typing import Any

from ramet.system import units
from ramet.system.addresses import address
from ramet.system.document import Document
from ramet.system.edge import Canary, Cors, Gateway
from ramet.system.edge_fields import GATEWAY

__all__ = ["gateway", "service_at_the_edge"]

_TOKENS = ("audience", "token_types", "token_algorithm")


def gateway(document: Document, root: Path) -> Gateway:
    """The table [gateway]; `root` is the folder that paths are relative to."""
    values = document.values(("gateway",), GATEWAY)
    host, port = address(document, values, "gateway", "listen", GATEWAY) or ("127.0.0.1", 8000)
    cors = values.get("cors", {})
    return Gateway(
        host=host,
        port=port,
        issuer=values.get("issuer"),
        **{name: values[name] for name in _TOKENS if name in values},
        tls=values.get("tls", "off"),
        certificate=root / values["certificate"] if "certificate" in values else None,
        key=root / values["key"] if "key" in values else None,
        given_url=values.get("public_url"),
        redirect_from=address(document, values, "gateway", "redirect_from", GATEWAY),
        rate_by_address=_read(values, "rate_by_address", units.rate),
        rate_by_user=_read(values, "rate_by_user", units.rate),
        # Without origins it is a mistake that has been told already.
        cors=Cors(**_with(cors, max_age=units.seconds)) if "origins" in cors else None,
    )


def service_at_the_edge(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a Service that are about traffic from outside."""
    canary = _with(values.get("canary", {}), weight=units.percent)
    return {
        "streams": values.get("streams", ()),
        "largest_body": _read(values, "largest_body", units.size),
        "receive_within": _read(values, "receive_within", units.seconds),
        "answer_within": _read(values, "answer_within", units.seconds),
        "rate_by_address": _read(values, "rate_by_address", units.rate),
        "rate_by_user": _read(values, "rate_by_user", units.rate),
        "canary": Canary(**canary) if {"address", "weight"} <= canary.keys() else None,
    }


def _read(values: dict[str, Any], name: str, reader: Any) -> Any:
    return reader(values[name]) if name in values else None


def _with(values: dict[str, Any], **readers: Any) -> dict[str, Any]:
    return {
        name: readers[name](value) if name in readers else value for name, value in values.items()
    }
