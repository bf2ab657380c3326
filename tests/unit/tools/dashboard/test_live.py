"""Streams of parts of pages, from the real process."""

import http.client
import re
import time

import pytest

from ramet.tools.dashboard import live
from tests.dashboard.shop_like import Shop


class Reader:
    """An open stream."""

    def __init__(self, dashboard, path, method="GET", **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", dashboard.port, timeout=10)
        own = {"Host": f"localhost:{dashboard.port}", "Cookie": dashboard.cookie}
        self.connection.request(method, path, headers={**own, **headers})
        self.response = self.connection.getresponse()

    def message(self):
        """The next message's id and text; comments are passed over."""
        number, lines = None, []
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("data: "):
                lines.append(line[6:])
            elif not line and lines:
                return number, "\n".join(lines)

    def close(self):
        self.connection.close()


def test_a_message_has_a_field_name_on_every_line():
    assert live.message("<p>\n</p>", 7) == "id: 7\ndata: <p>\ndata: </p>\n\n"


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n\r"])
def test_no_text_makes_a_field_of_its_own(end):
    told = live.message(f"<pre>10%{end}id: 99{end}event: quiet{end}</pre>", 7)
    fields = [line for line in re.split(r"\r\n|\r|\n", told) if line]
    assert [field for field in fields if not field.startswith("data: ")] == ["id: 7"]
    assert [field for field in fields if "quiet" in field] == ["data: event: quiet"]


def test_only_changes_are_told():
    texts = iter(["a", "a", "b", "b", "a"])
    news = live.changes(lambda: next(texts))
    assert [news() for _ in range(5)] == [
        live.message("a"),
        None,
        live.message("b"),
        None,
        live.message("a"),
    ]


def test_a_page_is_told_what_changed(dashboard):
    dashboard.supervisor.status["processes"] = []
    reader = Reader(dashboard, "/services/stream")
    assert reader.response.getheader("content-type").startswith("text/event-stream")
    assert "0 processes" in reader.message()[1]
    dashboard.supervisor.status["processes"] = [{"service": "orders", "state": "failed"}]
    assert "failed" in reader.message()[1]
    reader.close()


def test_a_stream_of_logs_goes_on_where_it_was_interrupted(dashboard):
    def say():
        shop = Shop(time.time_ns(), seed=5)
        shop.purchase(shop.now - 10**9)
        dashboard.tell("logs", shop.logs())

    reader = Reader(dashboard, "/logs/stream?after=0")
    say()
    last, text = reader.message()
    assert text.count("<tr") == 2
    reader.close()
    say()
    reader = Reader(dashboard, "/logs/stream?after=0", **{"Last-Event-ID": str(last)})
    again, text = reader.message()
    assert text.count("<tr") == 2
    assert again > last
    reader.close()


@pytest.mark.parametrize("number", ["-1", "9" * 40, "x", "\N{SUPERSCRIPT TWO}"])
def test_an_id_that_is_none_is_from_the_beginning(dashboard, number):
    from urllib.parse import quote

    reader = Reader(dashboard, f"/logs/stream?after={quote(number)}")
    assert reader.response.status == 200
    reader.close()


def test_whoever_asks_for_the_head_of_a_stream_holds_no_place(dashboard):
    heads = [Reader(dashboard, "/services/stream", method="HEAD") for _ in range(33)]
    assert {head.response.status for head in heads} == {200}
    reader = Reader(dashboard, "/services/stream")
    assert reader.response.status == 200
    for each in (*heads, reader):
        each.close()


def test_there_are_not_more_streams_than_can_be_served_and_readers_that_left_make_room(dashboard):
    readers = [Reader(dashboard, "/services/stream") for _ in range(33)]
    assert readers[0].response.status == 200
    assert readers[-1].response.status == 503
    for reader in readers:
        reader.close()
    deadline = time.monotonic() + 15
    while True:
        reader = Reader(dashboard, "/services/stream")
        status = reader.response.status
        reader.close()
        if status == 200:
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)
