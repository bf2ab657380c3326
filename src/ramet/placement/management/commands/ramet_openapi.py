"""`manage.py ramet_openapi SERVICE`: the HTTP API of a service of this process, as OpenAPI."""

import json
from argparse import ArgumentParser
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ramet.placement import here

__all__ = ["Command"]


class Command(BaseCommand):
    """Prints what drf-spectacular makes of the views below the service's routes, as JSON."""

    help = "Print the OpenAPI document of a service that lives in this process, as JSON."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which service."""
        parser.add_argument("service")

    def handle(self, *args: Any, service: str, **options: Any) -> None:
        """Print it; CommandError where the service is elsewhere or nothing describes its views."""
        place = here()
        if not place.has(service):
            raise CommandError(f"The service {service} does not live in this process.")
        if find_spec("drf_spectacular") is None or "drf_spectacular" not in settings.INSTALLED_APPS:
            raise CommandError(
                "drf-spectacular, which describes views of DRF, is not among INSTALLED_APPS."
            )
        from drf_spectacular.generators import SchemaGenerator

        make: Any = SchemaGenerator  # untyped
        document = make().get_schema(request=None, public=True)
        routes = place.system.services[service].routes
        document["paths"] = {
            path: described
            for path, described in document["paths"].items()
            if _route_of(path, place.system.services) in routes
        }
        self.stdout.write(json.dumps(document, ensure_ascii=False, default=str))


def _route_of(path: str, services: dict[str, Any]) -> str | None:
    """The route of the whole system that a path is below: the longest one."""
    found = [
        route for service in services.values() for route in service.routes if path.startswith(route)
    ]
    return max(found, key=len, default=None)
