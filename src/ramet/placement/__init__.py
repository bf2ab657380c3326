"""Which services live in this process, and what that makes of a project's settings and URLs.

Importable before the settings are: `ramet.place` is called while they are being read.
"""

from typing import TYPE_CHECKING

from ramet.placement.settings import place
from ramet.placement.whereabouts import Here, here

if TYPE_CHECKING:
    from ramet.placement.fields import RemoteKey
    from ramet.placement.routing import urls

__all__ = ["Here", "RemoteKey", "here", "place", "urls"]


def __getattr__(name: str) -> object:
    # Fields and URL patterns need settings, which do not exist yet when `place` is imported.
    if name == "RemoteKey":
        from ramet.placement.fields import RemoteKey

        return RemoteKey
    if name == "urls":
        from ramet.placement.routing import urls

        return urls
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
