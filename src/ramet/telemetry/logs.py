"""One log line format for everything in a process: Ramet, Django, Celery and the team's own code.

Lines are for people on a terminal and JSON (one object a line) elsewhere. Django's and every other
library's records pass through the same processors, so that each carries service, request and saga,
and none a secret (`redaction`).
"""

import io
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from opentelemetry import trace
from structlog.typing import EventDict, Processor, WrappedLogger

from ramet.telemetry import log_records, resource
from ramet.telemetry.failures import error_of
from ramet.telemetry.redaction import redact_fields, redact_text
from ramet.telemetry.refused_rows import without_values

__all__ = ["add_ids", "bound", "configure", "hand_to_logging", "tell_user"]

# Chatty at INFO without telling anything that our own lines do not tell.
_QUIET = ("httpx", "httpcore", "urllib3", "nats", "asyncio", "granian", "kombu", "amqp")


def configure(
    service: str,
    role: str,
    *,
    level: int | str = logging.INFO,
    stream: TextIO | None = None,
    as_json: bool | None = None,
) -> None:
    """Send the log of this process to `stream` (standard error unless told), in Ramet's format.

    `service` and `role` (web, worker, celery, ...) are on every line. `as_json` unset means JSON
    unless `stream` is a terminal. May be called again, after a fork for example: the last call
    counts. Replaces the handlers of the root logger, so call it after `django.setup()`.
    """
    resource.be(role)
    stream = stream or sys.stderr
    if as_json is None:
        as_json = not stream.isatty()

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_ids,
        _Process(service, role),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
    ]
    rendering: list[Processor]
    if as_json:
        rendering = [
            _with_traceback,
            structlog.processors.UnicodeDecoder(),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        # The plain traceback: rich's shows local variables, among them secrets.
        console = structlog.dev.ConsoleRenderer(
            timestamp_key="time", exception_formatter=_traceback
        )
        rendering = [_without_constants, console]

    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_rows,
                redact_fields,
                *rendering,
                _redact_line,
            ],
        )
    )
    root = logging.getLogger()
    for former in root.handlers[:]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level)
    log_records.attach()
    _hand_over_to_root()

    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # Uncached: loggers are module globals, often made before the second call to configure().
        cache_logger_on_first_use=False,
    )


def hand_to_logging() -> None:
    """Send Ramet's own lines through the standard library's logging, unless structlog is set up.

    For processes that Ramet does not start, such as `manage.py`: there the project's LOGGING
    decides, and standard output stays free for what a command prints.
    """
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            add_ids,
            structlog.stdlib.render_to_log_kwargs,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


@contextmanager
def bound(**values: Any) -> Iterator[None]:
    """Put `values` (request_id, saga, ...) on every log line written inside, by whatever library.

    Nested uses add up; a thread that is started inside does not inherit them.
    """
    with structlog.contextvars.bound_contextvars(**values):
        yield


def add_ids(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A processor for structlog: puts `trace_id`, `span_id` and the id of the `user` on a line."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event.setdefault("trace_id", trace.format_trace_id(context.trace_id))
        event.setdefault("span_id", trace.format_span_id(context.span_id))
    user = _user()
    if user is not None:
        event.setdefault("user", user)
    return event


def tell_user(read: Callable[[], str | None]) -> None:
    """Have `read` asked for the id of the user for whom the work at hand is done; None: nobody."""
    global _user
    _user = read


def _nobody() -> str | None:
    return None


_user: Callable[[], str | None] = _nobody


class _Process:
    """Adds what holds for the whole process; a value given with a line wins."""

    def __init__(self, service: str, role: str) -> None:
        self._constants = {"service": service, "role": role}

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        for key, value in self._constants.items():
            event.setdefault(key, value)
        return event


def _without_constants(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """On a terminal one reads one process: its own name on each line would be noise."""
    event.pop("service", None)
    event.pop("role", None)
    return event


def _without_rows(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Takes the values of a row that PostgreSQL refused out of what is said of the exception."""
    error = error_of(event.get("exc_info"))
    if error is not None:
        for name, value in event.items():
            if isinstance(value, str):
                event[name] = without_values(value, error)
        event["exc_info"] = error  # a triple would be taken for a list of fields
    return event


def _with_traceback(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    error = error_of(event.get("exc_info"))
    event = structlog.processors.format_exc_info(logger, method, event)
    if error is not None and "exception" in event:
        event["exception"] = without_values(event["exception"], error)
    return event


def _traceback(stream: TextIO, failure: Any) -> None:
    plain = io.StringIO()
    structlog.dev.plain_traceback(plain, failure)
    error = error_of(failure)
    stream.write(plain.getvalue() if error is None else without_values(plain.getvalue(), error))


def _redact_line(logger: WrappedLogger, method: str, line: Any) -> str:
    """The last step, on the rendered line: only there is the text of tracebacks and objects."""
    return redact_text(str(line))


def _hand_over_to_root() -> None:
    """Take away the handlers that Django's default LOGGING and libraries attached before us."""
    for name in ("django", "django.server", *_QUIET):
        logger = logging.getLogger(name)
        for former in logger.handlers[:]:
            logger.removeHandler(former)
        logger.propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
