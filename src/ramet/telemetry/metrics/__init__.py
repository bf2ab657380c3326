"""What a service measures: counters and histograms of its processes, gauges read at the scrape.

Declared once, with OpenTelemetry's names; told to Prometheus (`prometheus`) and by OTLP (`otlp`).
"""

from ramet.telemetry.metrics.declaring import SECONDS, Declaration, declared
from ramet.telemetry.metrics.instruments import OTHER, Counter, Histogram, Level
from ramet.telemetry.metrics.sources import Gauge, source

__all__ = [
    "OTHER",
    "SECONDS",
    "Counter",
    "Declaration",
    "Gauge",
    "Histogram",
    "Level",
    "declared",
    "source",
]
