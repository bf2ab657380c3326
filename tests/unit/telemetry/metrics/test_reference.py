"""The reference page tells of every metric, as it is."""

from tests.documents import METRICS, metrics_page


def test_the_table_is_that_of_the_code() -> None:
    assert METRICS.read_text() == metrics_page(), "python -m tests.documents writes it anew"
