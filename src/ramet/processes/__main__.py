"""`python -m ramet.processes ROLE`: one process of a service, wherever it is deployed."""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from ramet.errors import DiagnosticError


def main(arguments: list[str] | None = None) -> int:
    """Run one role; the environment says which services live here and where everything is."""
    parser = argparse.ArgumentParser(prog="python -m ramet.processes", description=__doc__)
    roles = parser.add_subparsers(dest="role", required=True)
    roles.add_parser("web", help="serve requests on the Unix socket RAMET_SOCKET")
    roles.add_parser("worker", help="outbox, inbox, sagas and timers")
    roles.add_parser("celery", help="Celery tasks")
    roles.add_parser("migrate", help="migrate the database and load demo data")
    forkserver = roles.add_parser("forkserver", help="for the local system's supervisor only")
    forkserver.add_argument("--control", type=int, required=True)
    forkserver.add_argument("--also", default="", help="more libraries to import, comma separated")
    options = parser.parse_args(arguments)
    try:
        if options.role == "forkserver":
            from ramet.processes.forkserver import LIBRARIES
            from ramet.processes.forkserver import main as serve

            also = tuple(name for name in options.also.split(",") if name)
            serve(options.control, LIBRARIES + also)
            return 0
        return _run(options.role)
    except DiagnosticError as error:
        print(error, file=sys.stderr)
        return 2


def _run(role: str) -> int:
    sys.path.insert(0, os.getcwd())
    import django

    django.setup()
    name = {"migrate": "migrations"}.get(role, role)
    return int(importlib.import_module(f"ramet.processes.{name}").main() or 0)


if __name__ == "__main__":
    sys.exit(main())
