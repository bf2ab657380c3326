"""`python -m ramet.tools.dashboard`: serve the dashboard until the process is ended."""

from __future__ import annotations

import os
import sys

import uvicorn

from ramet.errors import DiagnosticError
from ramet.tools.dashboard.application import make_application
from ramet.tools.dashboard.settings import Settings


def main() -> int:
    """Serve; 2 where the environment is wrong."""
    try:
        settings = Settings.read(os.environ)
    except DiagnosticError as error:
        print(error, file=sys.stderr)
        return 2
    uvicorn.run(
        make_application(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
