"""The dashboard as a running server with its store."""

from __future__ import annotations

import uvicorn

from ramet.tools.dashboard.application import make_application
from ramet.tools.dashboard.settings import Settings
from ramet.tools.dashboard.store import Store

__all__ = ["serve"]


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. DiagnosticError where the store cannot be opened."""
    store = Store.open(settings.history)
    try:
        uvicorn.run(
            make_application(settings, store),
            host=settings.host,
            port=settings.port,
            access_log=False,
            log_level="warning",
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
    finally:
        store.close()
