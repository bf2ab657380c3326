"""What the other services may ask of users: the names to show, for their copies."""

from uuid import UUID

import ramet


class ExportedUser(ramet.Value):
    """What `UserNamed` says."""

    user_id: UUID
    name: str
    version: int


class UserExport(ramet.Value):
    """Some users, and the cursor of the next page ("" at the end)."""

    rows: list[ExportedUser]
    next_cursor: str


class UnknownCursor(ramet.Refused):
    """The cursor did not come from here."""

    cursor: str


class Users(ramet.Contract, version=1):
    """The people of the shop."""

    @ramet.operation(deadline="5s", idempotent=True)
    def export(self, cursor: str = "") -> UserExport:
        """Every user, by id. Raises UnknownCursor."""
