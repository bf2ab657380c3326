"""The current span is OpenTelemetry's own, whoever keeps its context."""

import contextvars
import logging
import subprocess
import sys

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context

from ramet.telemetry import context_variable
from ramet.telemetry.context_variable import CURRENT, SPAN

PROGRAM = """
import importlib.metadata as metadata
import opentelemetry.util._importlib_metadata as found
from opentelemetry.context.contextvars_context import ContextVarsRuntimeContext

class Keeper(ContextVarsRuntimeContext):
    def __init__(self):
        super().__init__()
        self._current_context = [{}]
    def attach(self, context):
        self._current_context.append(context)
        return len(self._current_context) - 1
    def get_current(self):
        return self._current_context[-1]
    def detach(self, token):
        del self._current_context[token:]

class Point:
    def load(self):
        return Keeper

found.entry_points = lambda **_: [Point()]

from opentelemetry import trace
from ramet.telemetry import tracing
from ramet.telemetry.spans import Shape
tracing.set_up(is_exported=True)
with tracing.work(Shape("a")) as span:
    assert trace.get_current_span() is span
    with trace.get_tracer("team").start_as_current_span("b") as theirs:
        assert theirs.first is span and theirs.parent_id == span.span_id
        assert tracing.current_parent().span_id == theirs.span_id
assert trace.get_current_span() is trace.INVALID_SPAN
"""


def test_the_variable_is_the_one_that_opentelemetry_asks() -> None:
    span = trace.NonRecordingSpan(trace.INVALID_SPAN_CONTEXT)
    token = CURRENT.set(Context({SPAN: span}))
    try:
        assert trace.get_current_span() is span
        assert otel_context.get_current() is CURRENT.get()
    finally:
        context_variable.detach(token)
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_another_keeper_of_the_context_is_asked_by_the_functions() -> None:
    environment = {"OTEL_PYTHON_CONTEXT": "mine", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_taking_back_in_another_context_is_logged_and_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = contextvars.copy_context().run(CURRENT.set, Context())
    with caplog.at_level(logging.ERROR, "opentelemetry"):
        context_variable.detach(token)
    assert "Failed to detach context" in caplog.text
