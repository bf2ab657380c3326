"""What a running process tells about itself. Today: logs; traces and metrics join them here."""

from ramet.telemetry.logs import bound, configure

__all__ = ["bound", "configure"]
