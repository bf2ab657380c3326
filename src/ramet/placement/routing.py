"""`ramet.urls()`: the URLs of whichever services live in this process."""

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from ramet.placement.static_settings import STORAGE
from ramet.placement.whereabouts import here

__all__ = ["urls"]


def urls() -> list[URLPattern | URLResolver]:
    """One include for every own app with a `urls` module, in the order of `ramet.toml`.

    Apps state full paths, the same as in `routes`, so that a path means one thing in every
    placement. Third-party apps are not included: their service's `urls` says where they go.
    Before them, the static files of what lives here, unless the project serves them itself.
    """
    return [
        *_static_files(),
        *_included(),
    ]


def _static_files() -> list[URLPattern]:
    if settings.STORAGES.get("staticfiles", {}).get("BACKEND") != STORAGE:
        return []
    from ramet.placement.static_files import static_urls

    return static_urls(str(settings.STATIC_URL))


def _included() -> list[URLResolver]:
    return [
        path("", include(f"{app}.urls"))
        for app in here().own_apps()
        if find_spec(f"{app}.urls") is not None
    ]
