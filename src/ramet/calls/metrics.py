"""Calls as metrics, on both sides of the wire: how many, how they ended, how long they took."""

from ramet.telemetry.metrics import Histogram

__all__ = ["CLIENT", "FETCHES", "SERVER", "UNKNOWN"]

CLIENT = Histogram(
    "rpc.client.call.duration",
    "Calls of operations as their callers saw them, in process too. The code is Connect's, or ok.",
    attributes=("ramet.caller", "ramet.callee", "ramet.operation", "rpc.response.status_code"),
)

SERVER = Histogram(
    "rpc.server.call.duration",
    "Calls that came in over HTTP, as the service that answered them saw them.",
    attributes=("ramet.caller", "ramet.callee", "ramet.operation", "rpc.response.status_code"),
)

FETCHES = Histogram(
    "ramet.fetch.duration",
    "Uses of ramet.fetch: how the answer's status begins, such as 2xx, or why there was none.",
    attributes=("ramet.caller", "ramet.callee", "ramet.outcome"),
)

UNKNOWN = "unknown"
"""The caller where no mesh vouches for one, and what is called where nothing has that path."""
