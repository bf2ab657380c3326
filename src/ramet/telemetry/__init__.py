"""What a running process tells about itself: traces, metrics and logs."""

from ramet.telemetry.logs import add_ids, bound, configure
from ramet.telemetry.tracing import annotate, traceparent

__all__ = ["add_ids", "annotate", "bound", "configure", "traceparent"]
