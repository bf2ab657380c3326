"""The log of one test: it can never be emptied, but what a test wrote is rolled back."""

from collections.abc import Callable

import pytest

from ramet.auditing.models import Entry

Log = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def log(db: None) -> Log:
    """What was written, as (action, subject)."""
    return lambda: [*Entry.objects.order_by("seq").values_list("action", "subject")]
