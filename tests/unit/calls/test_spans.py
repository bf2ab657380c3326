"""The spans of a call in one process: what they say, and what counts as an error."""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.test import override_settings

import ramet
from ramet.calls import metrics, spans, transport
from ramet.calls.context import use_deadline
from ramet.calls.server import Operations
from ramet.placement import Here
from ramet.placement.environment import Environment
from ramet.system import Gateway, Infrastructure, Service, System
from ramet.telemetry import tracing
from ramet.telemetry.metrics import instruments
from ramet.telemetry.metrics.prometheus import own_series
from ramet.telemetry.spans import Shape
from tests.unit.conftest import Trace

pytestmark = pytest.mark.django_db
WORK = Shape("work")


class Closed(ramet.Refused):
    day: str


class Doors(ramet.Contract, version=1):
    @ramet.operation(deadline="5s")
    def open(self, day: str) -> str:
        """Open, except on Sundays; on Mondays the key is lost."""


@ramet.implements(Doors)
class Keeper:
    def open(self, day: str) -> str:
        if day == "sunday":
            raise Closed(day)
        if day == "monday":
            raise KeyError("lost")
        return day


SYSTEM = System(
    name="t",
    settings="tests.settings",
    services={
        "doors": Service("doors", apps=(__name__,)),
        "far": Service("far", apps=("far",), routes=("/o/",)),
    },
    gateway=Gateway(),
    infrastructure=Infrastructure(),
    path=Path("/srv/ramet.toml"),
)


@pytest.fixture(autouse=True)
def placed() -> Iterator[None]:
    environment = Environment.read({"RAMET_SERVICES": "doors"}, SYSTEM)
    with override_settings(RAMET=Here(SYSTEM, frozenset({"doors"}), "doors", environment)):
        yield


def test_a_call_has_a_span_on_each_side(traced: Trace) -> None:
    kept = traced()
    with tracing.work(WORK):
        line = sys._getframe().f_lineno + 1
        assert ramet.client(Doors).open("friday") == "friday"
    work, asking, answering = kept()
    name = f"{Doors.__ramet__.full_name}/open"
    assert (asking.name, asking.kind, asking.parent_id) == (name, 3, work.span_id)
    assert (answering.name, answering.kind, answering.parent_id) == (name, 2, asking.span_id)
    common = {
        "rpc.system.name": "connectrpc",
        "rpc.method": name,
        "ramet.operation": name,
        "ramet.callee": "doors",
        "ramet.deadline_ms": 5000,
    }
    site = {"code.file.path": __file__, "code.line.number": line}
    assert asking.attributes == common | site
    assert answering.attributes == common | {"ramet.caller": "doors"}


def test_the_slowest_call_that_came_in_is_found_by_its_trace(traced: Trace) -> None:
    instruments.use_folder(None, "test")
    kept = traced()
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    body = b'{"day":"friday"}'
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": Doors.__ramet__.operations["open"].path,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        "HTTP_TRACEPARENT": f"00-{trace_id}-b7ad6b7169203331-01",
    }
    statuses: list[str] = []
    Operations(_no_django)(environ, lambda status, _: statuses.append(status))
    assert statuses == ["200 OK"]
    [answering] = kept()
    assert answering.trace_id == trace_id
    [counted] = [each for each in own_series() if each.declaration == metrics.SERVER.declaration]
    assert counted.exemplar == trace_id


def test_a_call_over_http_sends_its_spans_id_and_is_found_by_its_trace(
    traced: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    instruments.use_folder(None, "test")
    kept = traced()
    sent: list[list[str]] = []

    def post(*args: object, **_: object) -> tuple[int, bytes]:
        sent.append(args[3])  # type: ignore[arg-type]
        return 200, b'{"result":"friday"}'

    monkeypatch.setattr(transport, "post", post)
    environment = Environment.read(
        {"RAMET_SERVICES": "far", "RAMET_MESH_URL": "http://{service}:8080"}, SYSTEM
    )
    with override_settings(RAMET=Here(SYSTEM, frozenset({"far"}), "far", environment)):
        assert ramet.client(Doors).open("friday") == "friday"
    [asking] = kept()
    assert f"traceparent: 00-{asking.trace_id}-{asking.span_id}-01" in sent[0]
    [counted] = [each for each in own_series() if each.declaration == metrics.CLIENT.declaration]
    assert counted.exemplar == asking.trace_id


@pytest.mark.parametrize("most", [1, 4096])
def test_each_call_tells_its_own_line(
    traced: Trace, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(spans, "_MOST_PLACES", most)
    kept = traced()
    first = sys._getframe().f_lineno + 2
    for _ in range(2):
        ramet.client(Doors).open("friday")
        ramet.client(Doors).open("friday")
    asking = [span for span in kept() if span.kind == 3]
    lines = [span.attributes["code.line.number"] for span in asking]
    assert lines == [first, first + 1] * 2


def _no_django(*_: object) -> list[bytes]:
    raise AssertionError("a call is none of Django's")


def test_a_refusal_is_no_error_and_a_fault_is_one_on_both_sides(traced: Trace) -> None:
    kept = traced()
    with pytest.raises(Closed):
        ramet.client(Doors).open("sunday")
    for span in kept():
        assert not span.is_error
        assert span.attributes["rpc.response.status_code"] == "failed_precondition"
        assert span.attributes["ramet.refused"].endswith("Closed")
    with pytest.raises(ramet.RemoteError):
        ramet.client(Doors).open("monday")
    asking, answering = kept()[2:]
    assert asking.is_error
    assert answering.is_error
    assert asking.attributes["rpc.response.status_code"] == "internal"


def test_a_call_without_time_is_an_error(traced: Trace) -> None:
    kept = traced(sample=0)
    with pytest.raises(ramet.DeadlineExceeded), use_deadline(-1):
        ramet.client(Doors).open("friday")
    (asking,) = kept()
    assert asking.attributes["rpc.response.status_code"] == "deadline_exceeded"


def test_a_fetch_tells_the_path_and_not_the_query(
    traced: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = traced()
    sent: list[list[str]] = []

    def exchange(*args: object, **_: object) -> tuple[int, dict[str, str], bytes]:
        sent.append(args[4])  # type: ignore[arg-type]
        return 503, {}, b""

    monkeypatch.setattr(transport, "exchange", exchange)
    environment = Environment.read(
        {"RAMET_SERVICES": "doors", "RAMET_MESH_URL": "http://{service}:8080"}, SYSTEM
    )
    with override_settings(RAMET=Here(SYSTEM, frozenset({"doors"}), "doors", environment)):
        assert ramet.fetch("far", "/o/token/?code=secret").status == 503
    (span,) = kept()
    assert (span.name, span.kind, span.is_error) == ("GET", 3, True)
    assert span.attributes["url.full"] == "http://far/o/token/"
    assert span.attributes["http.response.status_code"] == 503
    assert f"traceparent: 00-{span.trace_id}-{span.span_id}-01" in sent[0]
