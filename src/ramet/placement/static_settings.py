"""The settings of static files: an address that the gateway sends to this very process.

Apart from `static_files`, which imports Django's storage: the settings do not exist yet here.
"""

from typing import Any

from ramet.placement.whereabouts import Here

__all__ = ["STORAGE", "set_static_files"]

STORAGE = "ramet.placement.static_files.FoundFiles"
_DJANGOS = "django.contrib.staticfiles.storage.StaticFilesStorage"


def set_static_files(settings: dict[str, Any], here: Here) -> None:
    """Have each process serve its services' files, below one of their routes.

    A project that has chosen a storage (whitenoise's, a bucket), or another host, keeps its choice.
    """
    if "django.contrib.staticfiles" not in settings["INSTALLED_APPS"]:
        return
    storages = settings.get("STORAGES", {})
    chosen = storages.get("staticfiles", {}).get("BACKEND", _DJANGOS)
    url = settings.get("STATIC_URL") or "static/"
    if chosen not in (_DJANGOS, STORAGE) or "//" in url:
        return
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    settings["STORAGES"] = {"default": files, **storages, "staticfiles": {"BACKEND": STORAGE}}
    settings["STATIC_URL"] = _reachable(f"/{url.lstrip('/')}", here)


def _reachable(url: str, here: Here) -> str:
    """`url` where the gateway sends it here, else `static/` below the shortest route of ours."""
    routes = {
        route: name for name, service in here.system.services.items() for route in service.routes
    }

    def is_ours(path: str) -> bool:
        around = max((route for route in routes if path.startswith(route)), key=len, default="")
        return here.has(routes.get(around, ""))

    own = sorted((route for route, name in routes.items() if here.has(name)), key=len)
    candidates = [url, *(f"{route}static/" for route in own)]
    return next((each for each in candidates if is_ours(each)), url)
