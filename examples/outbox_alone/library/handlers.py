"""What the library does about its own news."""

import ramet
from library.events import BookLent
from library.models import Reminder


@ramet.subscribe(BookLent)
def remind(event: BookLent) -> None:
    """Write the reminder, once for each loan."""
    Reminder.objects.create(
        loan_id=event.loan_id, text=f"{event.reader}, please bring back {event.title}"
    )
