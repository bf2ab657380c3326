"""One Envoy for all tests of a module; each test starts with empty upstreams."""

from collections.abc import Iterator

import pytest

from tests.integration.gateway.harness import Edge


@pytest.fixture(scope="module")
def running_edge() -> Iterator[Edge]:
    """A gateway with its upstreams, shared by a module."""
    edge = Edge().start()
    try:
        yield edge
    finally:
        edge.stop()


@pytest.fixture
def edge(running_edge: Edge) -> Edge:
    """The gateway, with nothing received yet and every upstream answering 200."""
    running_edge.forget()
    return running_edge
