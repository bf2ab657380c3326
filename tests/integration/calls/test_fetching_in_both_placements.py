"""`ramet.fetch` means the same where the service lives here as where it is behind a socket."""

import json
from typing import Any

import pytest
from django.test import override_settings

import ramet
from tests.integration.calls.conftest import Mesh, place

# Said by whoever is in between, or by the clock; the deadline is in a header of Envoy's.
IN_BETWEEN = {"date", "server", "content-length", "transfer-encoding", "connection"}
FOR_ENVOY = {"HTTP_X_RAMET_SERVICE", "HTTP_X_RAMET_IDEMPOTENT"} | {
    "HTTP_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS"
}

REQUESTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "query": {"path": "/echo/?a=1&a=2&b=%2F..%2F&c=a+b%20c&d&e="},
    "query with a question mark, an unencoded slash and dots": {"path": "/echo/?next=/a/../b?c//d"},
    "letters": {"path": "/echo/gr%C3%B6%C3%9Fe%20%25/"},
    "bytes that are no UTF-8": {"path": "/echo/%FF%E2%28/?a=%FF"},
    "letters encoded without need": {"path": "/%65cho/%7Ea-%2E/"},
    "what need not be encoded": {"path": "/echo/!$&'()*+,;=:@~/?/?:@-._~!$&'()*+,;="},
    "parameters and plus": {"path": "/echo/a;b=c/d+e/"},
    "no final slash": {"path": "/echo"},
    "empty header": {"headers": {"X-Empty": "", "Accept": ""}},
    "blanks around a value": {"headers": {"X-Padded": "  a  b  "}},
    "a name in two cases": {"headers": {"X-Twice": "1", "x-twice": "2"}},
    "several values": {"headers": {"Accept-Language": "de, en;q=0.5", "X-List": "a,b"}},
    "own host": {"headers": {"Host": "papers.example:8443"}},
    "what clients usually say": {"headers": {"User-Agent": "a", "Accept": "text/html"}},
    "a charset that forms are in": {
        "method": "POST",
        "body": b"a=%E9&b=\xe9",
        "headers": {"Content-Type": "application/x-www-form-urlencoded; charset=latin-1"},
    },
    "a charset that no form is in": {
        "method": "POST",
        "body": b"a=%C3%A9",
        "headers": {"Content-Type": "application/x-www-form-urlencoded; charset=hex"},
    },
    "an upload": {
        "method": "POST",
        "body": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
        "headers": {"Content-Type": "multipart/form-data; boundary=x"},
    },
    "a body without a type": {"method": "PUT", "body": b"a=1\0\xff"},
    "a type without a body": {"method": "POST", "headers": {"Content-Type": "application/json"}},
    "an empty POST": {"method": "POST"},
    "a body with GET": {"body": b"a"},
    "a body with DELETE": {"method": "DELETE", "body": b"{}"},
    "a large body": {"method": "PATCH", "body": b"\0" * 300_000},
    "HEAD": {"method": "HEAD"},
    "OPTIONS": {"method": "OPTIONS"},
    "nothing there": {"path": "/nowhere/"},
    "an answer without a body": {"path": "/answer/204/"},
    "an answer that is not new": {"path": "/answer/304/"},
    "HEAD of an error": {"path": "/answer/404/", "method": "HEAD"},
    "a redirect": {"path": "/answer/302/"},
}


def outcome(request: dict[str, Any]) -> Any:
    """What a caller can tell of an answer."""
    options = dict(request)
    path = options.pop("path", "/echo/")
    answer = ramet.fetch("depot", path, **options)
    headers = {name: value for name, value in answer.headers.items() if name not in IN_BETWEEN}
    if answer.status == 404 or headers.get("content-type") != "application/json":
        return answer.status, headers, answer.body
    said = json.loads(answer.body) if answer.body else {"meta": {}}
    said["meta"] = {name: value for name, value in said["meta"].items() if name not in FOR_ENVOY}
    return answer.status, headers, said


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_means_the_same_in_both_placements(mesh: Mesh, kind: str) -> None:
    mesh.start()
    outcomes = []
    for services in (("depot", "bureau", "desk"), ("desk",)):
        with override_settings(
            RAMET=place(mesh, *services), ROOT_URLCONF="calls_urls", ALLOWED_HOSTS=["*"]
        ):
            outcomes.append(outcome(REQUESTS[kind]))
    here, over_http = outcomes
    assert here == over_http
