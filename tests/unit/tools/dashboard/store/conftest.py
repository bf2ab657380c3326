import pytest

from ramet.tools.dashboard.store import Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "telemetry" / "telemetry.db"


@pytest.fixture
def store(path):
    opened = Store.open(path)
    yield opened
    opened.close()
