"""One running system for all tests here; none of them changes what another one needs."""

from collections.abc import Iterator

import pytest

from tests.integration.identity.papers import Papers


@pytest.fixture(scope="session")
def papers() -> Iterator[Papers]:
    """Two services and their gateway."""
    system = Papers()
    try:
        yield system.start()
    finally:
        system.stop()
