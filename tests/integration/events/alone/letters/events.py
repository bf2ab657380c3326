"""What the app announces."""

import ramet


@ramet.event(version=1, key="letter")
class Written:
    letter: str
