"""A Celery task's spans, published here, run there, in one trace by the message's headers; and its
place in the metrics, which the processes of a worker's pool count together.

By Celery's own signals, so that nothing of the project changes.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from opentelemetry.trace import SpanKind

from ramet.placement import Here
from ramet.telemetry import beginning, exporting, propagation, tracing
from ramet.telemetry.late_imports import when_imported
from ramet.telemetry.logs import bound
from ramet.telemetry.messaging import message_shape
from ramet.telemetry.metrics import Histogram
from ramet.telemetry.spans import Shape

__all__ = ["observe"]

RUNS = Histogram(
    "ramet.tasks.run.duration",
    "Runs of Celery tasks: done, failed, retried (it runs again), or ignored (by Ignore, Reject).",
    attributes=("celery.task_name", "ramet.outcome"),
)
_OUTCOMES = {"SUCCESS": "done", "RETRY": "retried", "IGNORED": "ignored", "REJECTED": "ignored"}
"""By Celery's state; anything else is a failure."""


def observe() -> None:
    """Count tasks, and trace them where anything is traced, once this process imports Celery."""
    when_imported("celery.signals", _connect)


def _connect() -> None:
    from celery import signals

    uid = "ramet.telemetry"
    signals.before_task_publish.connect(_before_publish, weak=False, dispatch_uid=uid)
    signals.after_task_publish.connect(_after_publish, weak=False, dispatch_uid=uid)
    signals.task_prerun.connect(_before_run, weak=False, dispatch_uid=uid)
    signals.task_failure.connect(_failed, weak=False, dispatch_uid=uid)
    signals.task_retry.connect(_failed, weak=False, dispatch_uid=uid)
    signals.task_postrun.connect(_after_run, weak=False, dispatch_uid=uid)
    signals.worker_init.connect(_worker_begins, weak=False, dispatch_uid=uid)
    signals.worker_process_init.connect(_pool_process_begins, weak=False, dispatch_uid=uid)
    signals.worker_process_shutdown.connect(_before_end, weak=False, dispatch_uid=uid)


@dataclass(slots=True)
class _Run:
    """A task at work; without a span where nothing is traced."""

    surroundings: ExitStack = field(default_factory=ExitStack)
    span: tracing.Working | None = None
    started: float = field(default_factory=time.perf_counter)


_publishing = threading.local()
_running: dict[str, _Run] = {}


def _before_publish(
    sender: str, headers: dict[str, Any] | None = None, routing_key: str = "", **_: Any
) -> None:
    if headers is None or not tracing.is_on():
        return
    # Not the current span meanwhile: where the broker is away, nobody tells us of the end.
    former: tracing.Working | None = getattr(_publishing, "span", None)
    if former is not None:
        former.fail("not published")
        former.end()
    said = {"messaging.message.id": str(headers.get("id", ""))}
    _publishing.span = span = tracing.start(_publish(sender), said)
    headers.update(propagation.headers(tracing.parent_of(span)))


def _after_publish(**_: Any) -> None:
    span: tracing.Working | None = getattr(_publishing, "span", None)
    if span is not None:
        _publishing.span = None
        span.end()


def _before_run(task_id: str, task: Any, **_: Any) -> None:
    run = _running[task_id] = _Run()
    if not tracing.is_on():
        return
    # Celery makes attributes of a message's headers; where the task is called in its own process,
    # the current span is the parent.
    request = task.request
    carried = {name: getattr(request, name, None) for name in ("traceparent", "tracestate")}
    parent = propagation.parent_in(carried["traceparent"], carried["tracestate"])
    enter = run.surroundings.enter_context
    enter(propagation.with_baggage(getattr(request, "baggage", None)))
    said = {"messaging.message.id": task_id, "ramet.attempt": request.retries + 1}
    links = () if parent is None else (parent.link(),)
    run.span = enter(tracing.work(_run(task.name), said, parent=parent, links=links))
    enter(bound(task=task.name, task_id=task_id))


def _failed(**told: Any) -> None:
    task_id = told.get("task_id") or getattr(told.get("request"), "id", "")
    run = _running.get(str(task_id))
    error = told.get("exception") or told.get("reason")
    if run is not None and run.span is not None and error is not None:
        run.span.fail(error if isinstance(error, BaseException) else str(error))


def _after_run(task_id: str, task: Any, state: str | None = None, **_: Any) -> None:
    run = _running.pop(task_id, None)
    if run is not None:
        outcome = _OUTCOMES.get(state or "", "failed")
        RUNS.record(time.perf_counter() - run.started, task.name, outcome)
        run.surroundings.close()


def _worker_begins(**_: Any) -> None:
    """A team's own `celery worker`, whatever its pool: of a prefork one, the process that forks."""
    beginning.begin(_place(), "celery")


def _pool_process_begins(**_: Any) -> None:
    beginning.begin(_place(), "celery", is_asked=False)


def _place() -> Here | None:
    place = getattr(settings, "RAMET", None)
    return place if isinstance(place, Here) else None


def _before_end(**_: Any) -> None:
    # Of a process of a pool, which Celery ends by itself, atexit knows nothing.
    exporting.flush(1.0)


@lru_cache(maxsize=1024)
def _publish(task: str) -> Shape:
    own = {"celery.task_name": task}
    return message_shape("celery", "publish", SpanKind.PRODUCER, "send", task, own)


@lru_cache(maxsize=1024)
def _run(task: str) -> Shape:
    own = {"celery.task_name": task}
    return message_shape("celery", "run", SpanKind.CONSUMER, "process", task, own)
