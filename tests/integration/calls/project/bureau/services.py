"""Implements the contract by calls to depot."""

from typing import Any

from depot.contract import Depot

import ramet
from bureau.contract import Bureau


@ramet.implements(Bureau)
class Office:
    def remaining_downstream(self) -> float | None:
        return ramet.client(Depot).remaining()

    def whoami_downstream(self) -> str | None:
        return ramet.client(Depot).whoami()

    def fail_downstream(self, how: str) -> None:
        ramet.client(Depot).fail(how)

    def misuse_downstream(self) -> None:
        wrong: Any = "many"
        ramet.client(Depot).pick({"sku": "A", "quantity": wrong})  # type: ignore[arg-type]
