"""Where in the project's own code something was asked for, whatever library lies between."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from types import FrameType

from django.conf import settings

from ramet.placement import Here

__all__ = ["call_site", "from_project"]

_FRAMES = 60  # how far the project's code may be above: a serializer's loop over a queryset is 25
_NOT_OWN = tuple(
    f"{Path(folder).resolve()}/"
    for folder in {
        *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
        str(Path(__file__).resolve().parents[1]),
    }
)
_known: dict[str, bool] = {}


def call_site(depth: int) -> tuple[str, int] | None:
    """The file and the line of the nearest frame that is neither a library's nor Ramet's.

    From the frame `depth` above this function's caller on; None where the project has none nearby.
    """
    frame: FrameType | None = sys._getframe(depth + 1)
    for _ in range(_FRAMES):
        if frame is None:
            return None
        file = frame.f_code.co_filename
        is_own = _known.get(file)
        if is_own is None:
            is_own = _known[file] = not file.startswith(("<", *_NOT_OWN))
        if is_own:
            return file, frame.f_lineno
        frame = frame.f_back
    return None


def from_project(file: str) -> str:
    """The path from the project's folder on, for what is below that; anything else as it is.

    The folder is that of `ramet.toml`, else the setting BASE_DIR. So a line of code is the same one
    on every machine, and telemetry does not tell where the project is installed.
    """
    place = getattr(settings, "RAMET", None)
    folder = place.system.root if isinstance(place, Here) else getattr(settings, "BASE_DIR", "")
    return file.removeprefix(f"{folder}/") if folder else file
