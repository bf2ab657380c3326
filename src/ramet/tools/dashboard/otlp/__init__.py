"""OTLP/HTTP: what a program of any language sends, decoded for the store.

Mounted by the dashboard's application: `Starlette(routes=[..., *otlp.routes(store)])`.
"""

from ramet.tools.dashboard.otlp.endpoints import routes

__all__ = ["routes"]
