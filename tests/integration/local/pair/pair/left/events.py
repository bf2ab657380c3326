"""What the left service announces."""

import ramet


@ramet.event(version=1, key="text")
class Said:
    text: str
