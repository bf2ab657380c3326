"""A service that calls another to do its work."""

import ramet


class Bureau(ramet.Contract, version=1):
    @ramet.operation(deadline="3s", atomic=False)
    def remaining_downstream(self) -> float | None:
        """The seconds that an operation sees which is called from here."""

    @ramet.operation(deadline="3s", atomic=False)
    def whoami_downstream(self) -> str | None:
        """The user that an operation sees which is called from here."""

    @ramet.operation(deadline="3s", atomic=False)
    def fail_downstream(self, how: str) -> None:
        """Call an operation that fails, and let its error through."""

    @ramet.operation(deadline="3s", atomic=False)
    def misuse_downstream(self) -> None:
        """Call an operation with an argument of the wrong type."""
