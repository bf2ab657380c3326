"""What the library announces."""

import ramet


@ramet.event(version=1, key="reader")
class BookLent:
    """Somebody took a book home."""

    loan_id: int
    title: str
    reader: str
