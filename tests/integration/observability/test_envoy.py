"""The metrics of Envoy that dashboards and rules ask for are those that it has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import eventually
from tests.integration.gateway.harness import Edge

ENVOYS = Path(__file__).parents[2] / "unit/tools/observability/envoy_metrics.txt"


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    edge = Edge().start()
    try:
        yield edge
    finally:
        edge.stop()


def test_envoy_has_what_is_asked_of_it(edge: Edge) -> None:
    edge.get("/api/v1/orders/")
    wanted = set(ENVOYS.read_text().split())

    def missing() -> set[str]:
        lines = edge.admin("GET /stats/prometheus").decode().splitlines()
        return wanted - {line.partition("{")[0].partition(" ")[0] for line in lines}

    eventually(lambda: not missing(), within=15, what=f"Envoy has {missing()}")
