"""Every route of the shop, and every column that may hold an address: read from Django itself.

Run as a program in the shop's folder it prints them as JSON; `taken_of` runs it.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.acceptance.running_shop import RunningShop

_URLISH = re.compile(r"(^|_)(ur[il]s?|hrefs?|hosts?|origins?|callbacks?|endpoints?|webhooks?)$")

_PLACE = re.compile(r"<[\w:]+>|\(\?P<\w+>[^)]*\)")


def is_urlish(name: str) -> bool:
    """Whether a field of this name may hold an address that a server could be made to ask."""
    return _URLISH.search(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()) is not None


@dataclass(frozen=True)
class Inventory:
    """Routes as Django writes them (`api/v1/orders/<uuid:pk>/`), columns as `app.Model.name`."""

    routes: frozenset[str]
    columns: frozenset[str]

    def route_of(self, path: str) -> str | None:
        """The route by which a path of a schema (`/api/v1/orders/{id}/`) is answered, if any."""
        plain = re.sub(r"{\w+}", "*", path.removeprefix("/"))
        return next((each for each in self.routes if _PLACE.sub("*", each) == plain), None)


def schemas(shop: "RunningShop") -> dict[str, dict[str, Any]]:
    """The OpenAPI document of each running service, through the gateway."""
    services = ("users", "products", "orders", "payments")
    return {each: shop.get(f"/api/v1/{each}/schema/", user=None) for each in services}


def taken_of(folder: Path) -> Inventory:
    """The inventory of the shop in this folder, with all services in one process."""
    done = subprocess.run(
        [sys.executable, __file__],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env={k: v for k, v in os.environ.items() if not k.startswith(("RAMET_", "DJANGO_"))},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return Inventory(frozenset(found["routes"]), frozenset(found["columns"]))


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield _plain(route)


def _plain(route: str) -> str:
    """One spelling of a route: without what only regular expressions have."""
    return re.sub(r"[\^$]|\\Z", "", route.replace("/?$", "/")).replace("\\.", ".")


def _columns() -> Iterator[str]:
    from django.apps import apps
    from django.db import models

    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            if isinstance(column, models.URLField) or is_urlish(column.name):
                yield f"{model._meta.label}.{column.name}"


if __name__ == "__main__":
    sys.path[0] = "."
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"

    import django
    from django.urls import get_resolver

    django.setup()
    print(
        json.dumps(
            {
                "routes": sorted(_routes(get_resolver().url_patterns)),
                "columns": sorted(_columns()),
            }
        )
    )
