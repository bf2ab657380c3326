"""Plain HTTP to another service: the same request whether that lives here or behind the mesh."""

import hashlib
import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path
from structlog.contextvars import bound_contextvars, get_contextvars

import ramet
from ramet.calls import CallInsideTransaction, context, metrics
from ramet.errors import DiagnosticError
from ramet.placement import Here
from ramet.placement.environment import Environment
from ramet.system import Gateway, Infrastructure, Service, System
from ramet.telemetry.metrics.prometheus import own_series

SYSTEM = System(
    name="shop",
    settings="tests.settings",
    services={
        "orders": Service("orders", apps=(__name__,), routes=("/orders/",)),
        "parcels": Service("parcels", apps=("shop.parcels",), routes=("/",)),
        "shipping": Service("shipping", command=("node", "server.mjs")),
    },
    gateway=Gateway(),
    infrastructure=Infrastructure(),
    path=Path("/srv/ramet.toml"),
)


def echo(request: HttpRequest) -> JsonResponse:
    said = {
        "method": request.method,
        "path": request.get_full_path(),
        "host": request.get_host(),
        "body": request.body.decode(),
        "kind": request.content_type,
        "caller": ramet.caller().service,
        "is_bounded": context.remaining() is not None,
        "ids": get_contextvars(),
    }
    return JsonResponse(said, status=202, headers={"ETag": "one"})


def pieces(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"a", b"b"]))


def exact(request: HttpRequest) -> JsonResponse:
    digest = hashlib.sha256(request.body).hexdigest()
    return JsonResponse({"sha256": digest, "kind": request.META.get("CONTENT_TYPE", "")})


def named(request: HttpRequest, name: str) -> JsonResponse:
    return JsonResponse({"name": name, "query": request.META["QUERY_STRING"]})


urlpatterns = [
    path("orders/", echo),
    path("parcels/", echo),
    path("pieces/", pieces),
    path("exact/", exact),
    path("named/<path:name>/", named),
]


@pytest.fixture
def placed() -> Iterator[Callable[..., None]]:
    """Be the process of some services."""
    settings = override_settings()

    def place(*services: str, **environ: str) -> None:
        environment = Environment.read({**environ, "RAMET_SERVICES": ",".join(services)}, SYSTEM)
        here = Here(SYSTEM, frozenset(services), "test", environment)
        settings.options = {"RAMET": here, "ROOT_URLCONF": __name__, "ALLOWED_HOSTS": ["*"]}
        settings.enable()

    yield place
    settings.disable()


def test_in_one_process_django_answers_and_knows_the_caller(placed: Callable[..., None]) -> None:
    placed("orders", "parcels")
    kind = {"Content-Type": "text/plain"}
    with bound_contextvars(request_id="r1", traceparent="t1", saga="s1"):
        answer = ramet.fetch("parcels", "/parcels/?a=1", method="POST", body=b"x", headers=kind)
    assert (answer.status, answer.headers["etag"]) == (202, "one")
    assert answer.json() == {
        "method": "POST",
        "path": "/parcels/?a=1",
        "host": "localhost:8000",
        "body": "x",
        "kind": "text/plain",
        "caller": "orders",
        "is_bounded": True,
        "ids": {"request_id": "r1", "traceparent": "t1"},
    }
    assert ramet.fetch("parcels", "/pieces/").body == b"ab"
    assert ramet.fetch("parcels", "/nothing/").status == 404
    assert ramet.caller().service is None


@pytest.mark.parametrize("name", ["a b", "größe", "100%", "a?b#c;d"])
def test_in_one_process_a_view_gets_what_an_encoded_path_means(
    placed: Callable[..., None], name: str
) -> None:
    placed("orders", "parcels")
    answer = ramet.fetch("parcels", f"/named/{quote(name, safe='')}/?a=%20")
    assert (answer.status, answer.json()) == (200, {"name": name, "query": "a=%20"})


@pytest.fixture
def mesh() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A mesh that answers 200 to everything, and what it was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked.append({"line": f"{self.command} {self.path}", "body": body, **headers})
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.send_header("X-Found", "yes")
            self.end_headers()
            self.wfile.write(b"{}" if self.command != "HEAD" else b"")

        do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815 - http.server's names

        def address_string(self) -> str:
            return "unix"

        def log_message(self, *_: object) -> None:
            """Silence."""

    with tempfile.TemporaryDirectory(prefix="ramet-fetch-") as folder:
        sockets = f"unix:{folder}/{{caller}}.out.sock"
        address = f"{folder}/orders.out.sock"
        with socketserver.ThreadingUnixStreamServer(address, Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            yield sockets, asked
            server.shutdown()
            thread.join()


def test_elsewhere_it_goes_out_by_the_callers_own_socket(
    placed: Callable[..., None], mesh: tuple[str, list[dict[str, Any]]]
) -> None:
    template, asked = mesh
    placed("orders", RAMET_MESH_URL=template)
    answer = ramet.fetch("parcels", "/parcels/?a=1", method="POST", body=b"x", seconds=2)
    assert (answer.status, answer.headers["x-found"], answer.json()) == (200, "yes", {})
    assert ramet.fetch("parcels", "/parcels/", method="HEAD").body == b""
    assert ramet.fetch("parcels", "/parcels/", headers={"Host": "other"}).status == 200
    post, head, get = asked
    assert (post["line"], post["body"]) == ("POST /parcels/?a=1", b"x")
    assert (post["x-ramet-service"], post["host"]) == ("parcels", "localhost:8000")
    assert int(post["x-envoy-upstream-rq-timeout-ms"]) == pytest.approx(2000, abs=100)
    assert "x-ramet-idempotent" not in post
    assert head["line"] == "HEAD /parcels/"
    assert (get["x-ramet-idempotent"], get["host"]) == ("1", "other")


@pytest.mark.parametrize("kind", [None, "application/octet-stream"])
@pytest.mark.parametrize("lives_here", [True, False])
def test_any_bytes_arrive_as_what_they_are_said_to_be(
    placed: Callable[..., None],
    mesh: tuple[str, list[dict[str, Any]]],
    lives_here: bool,
    kind: str | None,
) -> None:
    """Nothing is added: a form is what the caller calls one."""
    template, asked = mesh
    body = b"a\0=\xff" * 50_000
    headers = {} if kind is None else {"Content-Type": kind}
    if lives_here:
        placed("orders", "parcels")
        said = ramet.fetch("parcels", "/exact/", method="PUT", body=body, headers=headers).json()
        assert said == {"sha256": hashlib.sha256(body).hexdigest(), "kind": kind or ""}
    else:
        placed("orders", RAMET_MESH_URL=template)
        ramet.fetch("parcels", "/exact/", method="PUT", body=body, headers=headers)
        (put,) = asked
        assert (put["line"], put["body"]) == ("PUT /exact/", body)
        assert put.get("content-type") == kind


def test_what_cannot_be_asked_is_told(placed: Callable[..., None]) -> None:
    placed("orders")
    with pytest.raises(ramet.Unavailable, match="RAMET_MESH_URL is not set"):
        ramet.fetch("parcels", "/")
    with pytest.raises(DiagnosticError, match="unknown-service"):
        ramet.fetch("nobody", "/")
    placed("orders", RAMET_MESH_URL="unix:/nowhere/{caller}.out.sock")
    with pytest.raises(ramet.Unavailable):
        ramet.fetch("parcels", "/")
    with context.use_deadline(0), pytest.raises(ramet.DeadlineExceeded):
        ramet.fetch("parcels", "/")


def counted() -> dict[tuple[str, ...], float]:
    """Fetches by caller, callee and outcome."""
    return {
        each.values: sum(each.numbers[1 : 2 + len(each.declaration.bounds)])
        for each in own_series()
        if each.declaration == metrics.FETCHES.declaration
    }


def test_each_is_counted_by_how_it_ended(
    placed: Callable[..., None], mesh: tuple[str, list[dict[str, Any]]]
) -> None:
    def ask(path: str = "/parcels/") -> None:
        ramet.fetch("parcels", path)

    def asked() -> set[tuple[str, ...]]:
        now = counted()
        found = {key for key, number in now.items() if number == before.get(key, 0) + 1}
        before.update(now)
        return found

    before = counted()
    placed("orders", "parcels")
    ask()
    assert asked() == {("orders", "parcels", "2xx")}
    ask("/nothing/")
    assert asked() == {("orders", "parcels", "4xx")}
    placed("orders", RAMET_MESH_URL=mesh[0])
    ask()
    assert asked() == {("orders", "parcels", "2xx")}
    placed("orders", RAMET_MESH_URL="unix:/nowhere/{caller}.out.sock")
    with pytest.raises(ramet.Unavailable):
        ask()
    assert asked() == {("orders", "parcels", "unavailable")}


@pytest.mark.django_db
@pytest.mark.parametrize("services", [("orders",), ("orders", "parcels")])
def test_nothing_is_asked_inside_a_transaction(
    placed: Callable[..., None], services: tuple[str, ...]
) -> None:
    """In one process a rollback would undo what the other service did."""
    placed(*services)
    with (
        pytest.raises(CallInsideTransaction, match=r"fetch.*parcels.* is called inside") as told,
        transaction.atomic(),
    ):
        ramet.fetch("parcels", "/parcels/")
    assert "inside_transaction=True" not in str(told.value)


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("@127.0.0.1:1/", {}),
        ("", {}),
        ("parcels/", {}),
        ("http://127.0.0.1:1/", {}),
        ("/a b/", {}),
        ("/größe/", {}),
        ("/ HTTP/1.1\r\nx-evil: 1", {}),
        # What Envoy would refuse, or bring into another form, on the way.
        *((path, {}) for path in ("/a/../b/", "/a/%2e%2E/b/", "/./", "/a/..", "//a/", "/a//b/")),
        *((path, {}) for path in ("/a%2Fb/", "/a%5cb/", "/a\\b/", "/a%00/", "/100%/", "/a#b")),
        *((path, {}) for path in ("/.ramet/ready", "/%2eRAMET/calls/", "/<a>/", "/?a=<b>")),
        *(("/", {"method": method}) for method in ("get", "TRACE", "CONNECT", "BREW")),
        *(("/", {"headers": {name: "1"}}) for name in ("X_A", "Content-Length", "Connection")),
        *(("/", {"headers": {name: "1"}}) for name in ("Transfer-Encoding", "X-Ramet-Caller")),
        ("/", {"method": "GET / HTTP/1.1\r\nx-evil: 1\r\nx"}),
        ("/", {"method": ""}),
        ("/", {"headers": {"x-evil: 1\r\nx": "a"}}),
        ("/", {"headers": {"": "a"}}),
        ("/", {"headers": {"authorization": "hunter2\r\nx-evil: 1"}}),
        ("/", {"headers": {"authorization": "hunter2\n"}}),
        ("/", {"headers": {"authorization": "hunter2\0"}}),
    ],
)
@pytest.mark.parametrize("lives_here", [True, False])
def test_what_others_have_written_does_not_leave_its_place(
    placed: Callable[..., None],
    mesh: tuple[str, list[dict[str, Any]]],
    path: str,
    rest: dict[str, Any],
    lives_here: bool,
) -> None:
    """Not to another host, and not into another header; the refusal has no secret."""
    template, asked = mesh
    placed("orders", *(["parcels"] if lives_here else []), RAMET_MESH_URL=template)
    with pytest.raises(ValueError, match=r"no method|a path|no name|a header") as told:
        ramet.fetch("parcels", path, **rest)
    assert "hunter2" not in str(told.value)
    assert asked == []


@pytest.mark.parametrize("lives_here", [True, False])
@pytest.mark.parametrize("path", ["/orders/", "/orders", "/orders/1/?a=1", "/%6Frders/"])
def test_a_path_of_another_service_is_not_asked_for(
    placed: Callable[..., None], mesh: tuple[str, list[dict[str, Any]]], path: str, lives_here: bool
) -> None:
    """The mesh would not let it pass; Django, asked directly, has the views of both."""
    template, asked = mesh
    placed("orders", *(["parcels"] if lives_here else []), RAMET_MESH_URL=template)
    with pytest.raises(ValueError, match=r"in a route of parcels \(/\)"):
        ramet.fetch("parcels", path)
    with pytest.raises(ValueError, match=r"in a route of orders \(/orders/\)"):
        ramet.fetch("orders", "/ordersandmore/")
    assert asked == []


def test_a_program_that_is_not_django_is_asked_for_any_path(
    placed: Callable[..., None], mesh: tuple[str, list[dict[str, Any]]]
) -> None:
    template, asked = mesh
    placed("orders", RAMET_MESH_URL=template)
    assert ramet.fetch("shipping", "/orders/").status == 200
    assert [request["line"] for request in asked] == ["GET /orders/"]


def test_a_keyword_would_give_no_right_so_it_is_none(placed: Callable[..., None]) -> None:
    """`ramet.system.least_privilege` reads the first argument."""
    placed("orders", "parcels")
    with pytest.raises(TypeError, match="positional"):
        ramet.fetch(service="parcels", path="/")  # type: ignore[call-arg]
