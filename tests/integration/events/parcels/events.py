"""What the tests publish."""

from uuid import UUID

import ramet


@ramet.event(version=1, key="parcel")
class Moved:
    """A parcel's move number `number`; the moves of one parcel are numbered from 1."""

    parcel: str
    number: int
    to: str = "depot"


@ramet.event(version=1, key="parcel_id")
class Lost:
    parcel_id: UUID
