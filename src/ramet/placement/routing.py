"""`ramet.urls()`: the URLs of whichever services live in this process."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from ramet.placement.whereabouts import here

__all__ = ["urls"]


def urls() -> list[URLPattern | URLResolver]:
    """One include for every own app with a `urls` module, in the order of `ramet.toml`.

    Apps state full paths, the same as in `routes`, so that a path means one thing in every
    placement. Third-party apps are not included: their service's `urls` says where they go.
    """
    return [
        path("", include(f"{app}.urls"))
        for app in here().own_apps()
        if find_spec(f"{app}.urls") is not None
    ]
