"""What the publisher announces."""

from uuid import UUID

import ramet


@ramet.event(version=1, key="sale")
class Sold:
    """Something was sold. `watched`: tell the publisher when this has been written down."""

    sale: UUID
    amount: int
    watched: bool = False
