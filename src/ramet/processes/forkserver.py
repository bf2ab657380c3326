"""The fork server: imports the libraries once, then forks one zygote per group of services.

Starting is import cost. Twelve processes that each import Django, DRF and their company take 12 s
on two cores; here the imports happen once, and every process shares their memory. Nothing that
reads the project's settings is imported here, because those depend on the group.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import socket
import sys
from collections.abc import Iterator

from ramet.processes.forking import ForkLoop, Order

# Each is a leaf that pulls in what a Django process needs anyway, and reads no settings when it is
# imported. Missing ones are skipped: which of them a project uses is its own choice.
LIBRARIES = (
    "asyncio",
    "concurrent.futures.thread",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "django.apps",
    "django.conf",
    "django.contrib.staticfiles",
    "django.core.cache",
    "django.core.cache.backends.locmem",
    "django.core.exceptions",
    "django.core.handlers.wsgi",
    "django.core.mail",
    "django.core.management",
    "django.core.management.commands.check",
    "django.core.wsgi",
    "django.db.backends.postgresql.base",
    "django.db.migrations.executor",
    "django.db.models",
    "django.forms",
    "django.http",
    "django.middleware.common",
    "django.middleware.csrf",
    "django.middleware.security",
    "django.template.backends.django",
    "django.template.defaulttags",
    "django.template.loader_tags",
    "django.templatetags.i18n",
    "django.urls",
    "django.utils.module_loading",
    "django.utils.translation.trans_real",
    "django.test.signals",  # imports all of django.test; the OAuth toolkit and DRF's schemas do
    "django.views.decorators.csrf",
    "django.views.generic",
    "granian",
    "granian.server",
    "granian.wsgi",
    "joserfc.jwt",
    "joserfc.jwk",
    "msgspec.json",
    "multiprocessing.popen_fork",
    "psycopg",
    "pycurl",
    "structlog",
    # Of DRF, the part that reads no settings; the rest fails without them and is left to zygotes.
    "drf_spectacular.types",
    "drf_spectacular.utils",
    "rest_framework.compat",
    "rest_framework.exceptions",
    "rest_framework.permissions",
    "rest_framework.request",
    "rest_framework.serializers",
    "rest_framework.validators",
)

COMPANIONS = ("jinja2", "requests", "rich")
"""What those libraries take if it is installed, for tests and colours only: structlog a console's
colours, django.test a hook into Jinja's templates, DRF a client for tests. A fifth of their cost.
"""


def main(control: int, libraries: tuple[str, ...] = LIBRARIES) -> None:
    """Serve the supervisor at the other end of the descriptor `control` until it closes it.

    An order here carries one descriptor, over which the supervisor talks to the new zygote. Zygotes
    outlive the fork server: a service need not restart because a library process ended.
    """
    gc.disable()  # a collection would write to every object's header and unshare its page
    with _without_companions():
        for library in libraries:
            try:
                importlib.import_module(library)
            except ImportError:
                continue
    gc.freeze()
    loop = ForkLoop(socket.socket(fileno=control), _become_zygote, children_outlive_us=True)
    loop.report(event="ready", pid=os.getpid())
    loop.run()


@contextlib.contextmanager
def _without_companions() -> Iterator[None]:
    """Have imports of `COMPANIONS` fail as if they were not installed, while this lasts.

    A service that imports one of them itself gets it as usual, later.
    """
    hidden = [name for name in COMPANIONS if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how the import system is told "no"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _become_zygote(order: Order, descriptors: list[socket.socket]) -> int:
    from ramet.processes import zygote

    os.chdir(order["cwd"])
    return zygote.main(descriptors[0], order["settings"], order["cwd"])
