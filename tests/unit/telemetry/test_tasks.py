"""A Celery task is in the trace of whoever published it, and its runs are counted."""

import subprocess
import sys

import pytest
from celery import Celery, Task
from celery.exceptions import Ignore

from ramet.telemetry import exporting, starting, tasks, tracing
from ramet.telemetry.metrics.prometheus import own_series
from ramet.telemetry.spans import Shape
from tests.unit.conftest import Trace

WORK = Shape("work")


@pytest.fixture(scope="module")
def app() -> Celery:
    app = Celery("tests", broker="memory://", backend="cache+memory://", set_as_current=False)

    @app.task(name="add")
    def add(a: int, b: int) -> int:
        with tracing.work(Shape("inside")):
            return a + b

    @app.task(name="fail", bind=True, max_retries=1)
    def fail(self: object) -> None:
        raise ValueError("no stamps")

    @app.task(name="again", bind=True, max_retries=1)
    def again(self: Task) -> None:
        raise self.retry(countdown=0)

    @app.task(name="ignore")
    def ignore() -> None:
        raise Ignore

    return app


def _work_off(app: Celery) -> None:
    """As a worker does, in this thread: the message through the broker, its headers and all."""
    from celery.app.trace import build_tracer

    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("celery")
        message = queue.get(timeout=5)
        message.ack()
        args, kwargs, _ = message.payload
        task = app.tasks[message.headers["task"]]
        request = {**message.headers, "is_eager": False, "delivery_info": {}}
        build_tracer(task.name, task, app=app)(message.headers["id"], args, kwargs, request)
        queue.close()


def test_a_task_is_a_child_of_what_published_it(traced: Trace, app: Celery) -> None:
    kept = traced()
    with tracing.work(WORK):
        app.tasks["add"].delay(1, 2)
    _work_off(app)
    work, publish, run, inside = kept()
    assert [publish.name, run.name, inside.name] == ["publish add", "run add", "inside"]
    assert (publish.kind, run.kind) == (4, 5)
    assert publish.parent_id == work.span_id
    assert run.parent_id == publish.span_id
    assert run.links == [(publish.trace_id, publish.span_id)]
    assert inside.parent_id == run.span_id
    assert run.attributes["celery.task_name"] == "add"
    assert not run.is_error


def test_a_task_that_fails_is_an_error(traced: Trace, app: Celery) -> None:
    kept = traced(sample=0)
    app.tasks["fail"].delay()
    _work_off(app)
    (run,) = kept()
    assert run.is_error
    assert run.events[0][1]["exception.message"] == "no stamps"


def test_a_task_that_is_not_published_leaves_no_current_span(
    traced: Trace, app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = traced()
    with monkeypatch.context() as broken:
        broken.setattr("kombu.messaging.Producer.publish", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError), tracing.work(WORK):
            app.tasks["add"].delay(1, 2)
    with tracing.work(Shape("next")):
        app.tasks["add"].delay(1, 2)
    _work_off(app)
    names = {span.name: span for span in kept()}
    assert names["next"].parent_id == ""
    assert names["publish add"].parent_id == names["next"].span_id
    assert [span.is_error for span in kept() if span.name == "publish add"] == [True, False]


def test_a_process_of_a_pool_sends_what_it_has_before_it_ends(
    traced: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from celery import signals

    monkeypatch.setattr(exporting, "EVERY", 3600)  # nothing is sent unless somebody asks
    exporting._forget()
    traced()
    with tracing.work(WORK):
        pass
    waited = exporting._exporter._is_empty
    signals.worker_process_shutdown.send(sender=None, pid=1, exitcode=0)
    assert waited.is_set()


def _counted() -> dict[tuple[str, ...], float]:
    """Runs by task and outcome."""
    return {
        each.values: sum(each.numbers[1 : 2 + len(each.declaration.bounds)])
        for each in own_series()
        if each.declaration == tasks.RUNS.declaration
    }


@pytest.mark.parametrize(
    ("name", "arguments", "outcomes"),
    [
        ("add", (1, 2), ["done"]),
        ("fail", (), ["failed"]),
        ("again", (), ["retried", "failed"]),  # it may be tried again once
        ("ignore", (), ["ignored"]),
    ],
)
def test_runs_are_counted_by_task_and_outcome_though_nothing_is_traced(
    app: Celery, name: str, arguments: tuple[int, ...], outcomes: list[str]
) -> None:
    starting.start()
    assert not tracing.is_on()
    before = _counted()
    app.tasks[name].delay(*arguments)
    for outcome in outcomes:
        _work_off(app)
        key = (name, outcome)
        assert _counted().get(key, 0) == before.get(key, 0) + 1
    changed = {key for key, number in _counted().items() if number != before.get(key)}
    assert changed == {(name, outcome) for outcome in outcomes}


LATE = """
import sys
from ramet.telemetry.late_imports import when_imported
told = []
when_imported("email.mime.text", lambda: told.append(1))
when_imported("email.mime.text", lambda: told.append(2))
assert not told and "email.mime.text" not in sys.modules
import email.mime.text
import email.mime.text
assert told == [1], told
assert type(email.mime.text.__spec__.loader).__name__ == "SourceFileLoader"
when_imported("email.mime.text", lambda: told.append(3))
assert told == [1, 3]
assert not any(type(each).__module__.startswith("ramet") for each in sys.meta_path)
"""


def test_something_is_done_once_a_module_is_imported() -> None:
    subprocess.run([sys.executable, "-c", LATE], check=True, timeout=60)
