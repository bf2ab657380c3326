"""Faults that an operator switches on while the system runs, to see how the rest takes it."""

from dataclasses import dataclass

__all__ = ["STATUSES", "Fault"]

STATUSES = (429, 500, 502, 503, 504)
"""What a failing service may answer: what a caller has to expect of any."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls the requests that a service gets from the gateway and from other services.

    `operation` narrows it to one of its operations, by full name such as
    `shop.products.v1.Products/reserve`; "" is all that it answers. `delay` is in milliseconds, 0
    for none; `status` one of STATUSES, 0 for none. `share` is the percentage of requests that are
    delayed, and of those that fail: each is drawn by itself. `is_gone`: as if it had no process;
    then the others do not count.
    """

    service: str
    operation: str = ""
    delay: int = 0
    status: int = 0
    share: int = 100
    is_gone: bool = False

    @property
    def where(self) -> str:
        """What it befalls, as a person names it: `products`, or `products.reserve`."""
        return f"{self.service}.{self.operation.rpartition('/')[2]}".rstrip(".")

    @property
    def what(self) -> str:
        """What happens, in words."""
        if self.is_gone:
            return "gone"
        happens = [
            *([f"{self.delay} ms slower"] if self.delay else []),
            *([f"fails with {self.status}"] if self.status else []),
        ]
        return " and ".join(happens) + (f", {self.share}% each" if self.share < 100 else "")
