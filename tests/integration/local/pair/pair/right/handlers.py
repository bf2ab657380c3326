"""What the right service listens to."""

import ramet
from pair.left.events import Said
from pair.right.models import Heard


@ramet.subscribe(Said)
def hear(event: Said) -> None:
    Heard.objects.create(text=event.text)
