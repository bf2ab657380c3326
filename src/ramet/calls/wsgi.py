"""What a web process of a service serves: `granian --interface wsgi ramet.calls.wsgi:application`.

The project's own WSGI application, from its setting WSGI_APPLICATION, with calls and health checks
in front. Needs DJANGO_SETTINGS_MODULE.
"""

from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from ramet.calls.server import Operations

__all__ = ["application"]

_PATH = "ramet.calls.wsgi.application"


def _project_application() -> Any:
    path = settings.WSGI_APPLICATION
    if path in (None, _PATH):  # a project may name this module itself
        return get_wsgi_application()
    return import_string(path)


application = Operations(_project_application())
