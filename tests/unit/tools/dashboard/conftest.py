"""A running dashboard for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.dashboard.running import Dashboard, running


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    with running() as started:
        yield started
