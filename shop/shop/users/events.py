"""What users announces about people: the name to show, and nothing else."""

from uuid import UUID

import ramet


@ramet.event(version=1, key="user_id")
class UserNamed:
    """Somebody has an account, or another name. `version` counts from 1."""

    user_id: UUID
    name: str
    version: int


@ramet.event(version=1, key="user_id")
class UserRemoved:
    """The account is gone, and so must be every copy of the name."""

    user_id: UUID
    version: int
