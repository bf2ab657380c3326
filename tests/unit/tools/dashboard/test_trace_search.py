"""What people write into the form of traces."""

import pytest

from ramet.tools.dashboard.trace_search import asked, nanoseconds


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("250ms", 250_000_000),
        ("1.5 s", 1_500_000_000),
        ("20", 20_000_000),
        ("3µs", 3_000),
        ("2 min", 120_000_000_000),
        ("1h", 3_600_000_000_000),
        (".5s", 500_000_000),
        ("9" * 60 + "h", 10**18),
        ("soon", None),
        ("-5ms", None),
        ("1.2.3s", None),
    ],
)
def test_durations_are_written_as_people_do(text, found):
    assert nanoseconds(text) == found


def test_fields_that_are_empty_do_not_restrict():
    found = asked({"service": " ", "min": "", "status": "any"}, since=None, limit=50)
    assert found.search.service is None
    assert found.search.min_duration is None
    assert found.search.status is None
    assert not found.mistakes


def test_attributes_are_pairs_and_quoted_where_they_have_blanks():
    fields = {"attributes": 'app.order_id=94b8 http.route="/a b/" empty='}
    assert asked(fields, since=None, limit=1).search.attributes == (
        ("app.order_id", "94b8"),
        ("http.route", "/a b/"),
        ("empty", ""),
    )


@pytest.mark.parametrize("text", ["94b8", "=94b8", 'a="b', "a=b c"])
def test_what_is_no_pair_is_told(text):
    found = asked({"attributes": text}, since=None, limit=1)
    assert ("attributes" in found.mistakes) == (text != 'a="b')


def test_every_mistake_is_told_together():
    found = asked({"min": "soon", "max": "later", "attributes": "x"}, since=None, limit=1)
    assert set(found.mistakes) == {"min", "max", "attributes"}
    assert found.search.min_duration is None
