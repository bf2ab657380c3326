"""Forms that change something, and what is said of it afterwards."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from ramet.tools.dashboard.actions import action, done, said

FORM = "application/x-www-form-urlencoded"


def posted(body, kind=FORM, chunks=1):
    """Status and text of a POST to an action that answers with its fields."""
    app = Starlette(
        routes=[
            action("/do", lambda request, fields: PlainTextResponse(repr(sorted(fields.items()))))
        ]
    )
    size = -(-len(body) // chunks) or 1
    parts = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    sent = []

    async def receive():
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/do",
        "raw_path": b"/do",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", kind.encode())],
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:]).decode()


def test_fields_are_decoded_and_of_several_the_last_counts():
    assert posted(b"a=1&b=%C3%A9+x&a=2&c=", chunks=3) == (
        200,
        "[('a', '2'), ('b', 'é x'), ('c', '')]",
    )


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "text/plain", ""])
def test_only_forms_are_taken(kind):
    assert posted(b"a=1", kind)[0] == 415


def test_a_form_without_end_is_refused():
    assert posted(b"a=" + b"x" * (2 << 20), chunks=40)[0] == 413


def heard(response):
    cookie = response.headers["set-cookie"].partition(";")[0].encode()
    return said(Request({"type": "http", "headers": [(b"cookie", cookie)]}))


def test_what_was_done_is_said_on_the_next_page():
    assert heard(done("/services", "orders: restarted; é")) == ("orders: restarted; é", False)
    assert heard(done("/services", "no", failed=True)) == ("no", True)


@pytest.mark.parametrize("back", ["//evil.example/", "/\\evil.example", "https:/evil.example"])
def test_it_leads_back_to_this_server_only(back):
    location = done(back, "x").headers["location"]
    assert location.startswith("/")
    assert location[1] not in "/\\"
