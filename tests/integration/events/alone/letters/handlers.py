"""Events in."""

import ramet
from tests.integration.events.alone.letters.events import Written
from tests.integration.events.alone.letters.models import Answer

seen: list[str] = []


@ramet.subscribe(Written)
def answer(event: Written) -> None:
    Answer.objects.create(text=f"re: {event.letter}")
    seen.append(event.letter)
    if event.letter == "twice" and seen.count("twice") == 1:
        raise ConnectionError("the first attempt fails after it has written")
