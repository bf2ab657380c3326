"""What Prometheus is given, read back with its own parser."""

from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ramet.calls.server import Operations
from ramet.events.models import Inbox, Outbox
from ramet.sagas.models import SagaRun, Status
from ramet.telemetry.metrics import Declaration, sources

pytestmark = pytest.mark.django_db


def scraped() -> dict[tuple[str, ...], float]:
    """(name, values by name of label ...) -> value, from an HTTP answer of the web process."""
    started: list[Any] = []
    environ = {"PATH_INFO": "/metrics", "REQUEST_METHOD": "GET"}
    body = b"".join(Operations(lambda *_: [])(environ, lambda *answer: started.append(answer)))
    ((status, headers),) = started
    assert status == "200 OK"
    assert dict(headers)["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def letter(**fields: Any) -> None:
    common = {"key": "k", "payload": "{}", "headers": "{}", "time": "2026-01-01T00:00:00Z"}
    Inbox.objects.create(**common, type="a.B.v1", handler='say "hi"', **fields)


def test_what_waits_is_told_for_each_handler() -> None:
    letter(event_id="00000000-0000-0000-0000-000000000001")
    letter(event_id="00000000-0000-0000-0000-000000000002", attempts=2)
    letter(event_id="00000000-0000-0000-0000-000000000003", state=Inbox.State.DEAD)
    Outbox.objects.create(
        event_id="00000000-0000-0000-0000-000000000004",
        type="a.B.v1",
        version=1,
        key="k",
        partition=0,
        payload="{}",
        headers="{}",
    )
    found = scraped()
    assert found["ramet_events_unsent",] == 1
    assert found["ramet_events_oldest_unsent_seconds",] >= 0
    assert found["ramet_events_waiting", 'say "hi"'] == 2
    assert found["ramet_events_retrying", 'say "hi"'] == 1
    assert found["ramet_events_dead", 'say "hi"'] == 1
    assert found["ramet_metrics_source_up", "events"] == 1


def test_sagas_are_told_by_state_and_age() -> None:
    SagaRun.objects.create(name="shop.Gone", version=3, state={}, status=Status.STUCK)
    found = scraped()
    assert found["ramet_sagas_runs", "shop.Gone", "stuck", "3"] == 1
    assert found["ramet_sagas_runs", "shop.Gone", "running", "3"] == 0
    assert found["ramet_sagas_without_code", "shop.Gone", "3"] == 1
    assert ("ramet_sagas_oldest_stuck_seconds", "shop.Gone", "3") in found


def test_a_source_that_fails_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Iterator[sources.Reading]:
        yield sources.Reading(Declaration("never.seen", "gauge", ""), [((), 1.0)])
        raise RuntimeError("the database is away")

    monkeypatch.setitem(sources._sources, "events", fail)
    found = scraped()
    assert found["ramet_metrics_source_up", "events"] == 0
    assert found["ramet_metrics_source_up", "sagas"] == 1
    assert not any(name == "never_seen" for name, *_ in found)
