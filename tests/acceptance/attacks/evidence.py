"""What the services saw. A status says what the attacker was told, not what was done.

Two witnesses. Every attack has a marker of its own, which it names as its User-Agent and as the
order of an operation: `Products.release` leaves a row for every order that it is asked about, and
Envoy's log has a line for every request that it passed on.
"""

import json
import re
import uuid
from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import unquote

from ramet.system import load
from tests.acceptance.attacks.attacked_shop import AttackedShop
from tests.conftest import eventually

OPERATION = ".ramet/calls/shop.products.v1.Products/release"
PRIVATE = frozenset({"orders", "payments"})
"""Services that answer nobody without a token, but for signed webhooks."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A request that was passed on towards a service, as its path stood then.

    `by` is the listener that did: "gateway", or "mesh-..." of the service itself.
    """

    by: str
    service: str
    path: str
    status: int


class Evidence:
    """Reads both witnesses of one running shop."""

    def __init__(self, shop: AttackedShop) -> None:
        """Knows nothing before `settle`."""
        self._shop = shop
        services = load(shop.folder / "ramet.toml").services.values()
        self._prefixes = [(prefix, each.name) for each in services for prefix in each.routes]
        self._position = 0
        self._passed: dict[str, list[Reached]] = defaultdict(list)
        self._ran: set[str] = set()

    def marker(self) -> str:
        """A name for one attack."""
        return str(uuid.uuid4())

    def arguments(self, marker: str) -> bytes:
        """The body with which OPERATION leaves its trace."""
        return json.dumps({"order_id": marker}).encode()

    def settle(self) -> None:
        """Read both witnesses, once everything before this moment is in them.

        Envoy writes a request down when it has ended, and the log in that order.
        """
        last = self.marker()
        self._shop.call("GET", "/probe/last", user=None, headers={"User-Agent": last})
        self._shop.flush_log()
        eventually(lambda: self._read_until(last), every=0.01, what="the gateway's log is written")
        rows = self._shop.sql("products", "SELECT order_id FROM products_reservation")
        self._ran = {str(order) for (order,) in rows}

    def operation_ran(self, marker: str) -> bool:
        """Whether OPERATION was executed for this marker."""
        return marker in self._ran

    def reached(self, marker: str) -> list[Reached]:
        """The requests of this marker that came to a service's own processes."""
        return [each for each in self._passed.get(marker, []) if each.by != "gateway"]

    def breaches(self, marker: str) -> list[str]:
        """What of this attack came where it must not."""
        found = ["the operation was executed"] if self.operation_ran(marker) else []
        for request in self._passed.get(marker, []):
            found += [f"{problem}: {request}" for problem in self._wrong(request)]
        return found

    def _wrong(self, request: Reached) -> list[str]:
        seen = unquote(request.path)  # a server decodes a path once
        problems = {
            "an internal path": f"{seen}/".lower().startswith("/.ramet"),
            "a path that climbs": {"..", "."} & set(re.split(r"[/\\]", seen)),
            "a hidden separator": re.search("%2f|%5c|%00", request.path.lower()),
            "another service": not (
                request.service == self._owner(request.path) == self._owner(seen)
            ),
            "a private view, answered": request.service in PRIVATE and request.status < 400,
        }
        return [problem for problem, is_so in problems.items() if is_so]

    def _owner(self, path: str) -> str | None:
        matching = [
            (len(prefix), name) for prefix, name in self._prefixes if f"{path}/".startswith(prefix)
        ]
        return max(matching)[1] if matching else None

    def _read_until(self, marker: str) -> bool:
        """Read on in Envoy's log, and tell whether this marker is in it by now."""
        with (self._shop.private.logs / "access.log").open("rb") as log:
            log.seek(self._position)
            whole, _, _ = log.read().rpartition(b"\n")
        self._position += len(whole) + 1 if whole else 0
        for line in map(json.loads, whole.decode("utf-8", "replace").splitlines()):
            if line["upstream"] is not None:
                service = line["service"].removesuffix(".web")
                request = Reached(line["listener"], service, line["path"] or "", line["status"])
                self._passed[line["agent"] or ""].append(request)
        return marker in self._passed
