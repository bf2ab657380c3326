"""Everything that programs told of themselves: traces, logs and metrics in one SQLite file.

One thread writes, any thread reads. It stands by itself: nothing here knows HTTP or pages.
"""

from ramet.tools.dashboard.store.answers import (
    Edge,
    Link,
    LogRow,
    LogSearch,
    Map,
    MetricRow,
    Node,
    OperationRow,
    Segment,
    Series,
    Share,
    SpanEvent,
    Trace,
    TraceRow,
    TraceSearch,
    TraceSpan,
)
from ramet.tools.dashboard.store.limits import Full, Kept, Limits, Loss
from ramet.tools.dashboard.store.records import (
    Batch,
    LogRecord,
    PointRecord,
    SeriesKey,
    SpanRecord,
)
from ramet.tools.dashboard.store.store import Store

__all__ = [
    "Batch",
    "Edge",
    "Full",
    "Kept",
    "Limits",
    "Link",
    "LogRecord",
    "LogRow",
    "LogSearch",
    "Loss",
    "Map",
    "MetricRow",
    "Node",
    "OperationRow",
    "PointRecord",
    "Segment",
    "Series",
    "SeriesKey",
    "Share",
    "SpanEvent",
    "SpanRecord",
    "Store",
    "Trace",
    "TraceRow",
    "TraceSearch",
    "TraceSpan",
]
