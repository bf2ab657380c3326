"""What a browser is told: headers that protect it, and which foreign pages may use the API."""

from collections.abc import Iterator

import pytest

from ramet.system import Cors
from tests.integration.gateway import papers
from tests.integration.gateway.harness import Answer, Edge

ORDERS = "/api/v1/orders/"
APP = "https://app.example"
PROTECTING = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def headers_of(edge: Edge, path: str = ORDERS) -> dict[str, list[str]]:
    found = edge.get(path).headers
    return {name: found.get_all(name) or [] for name in (*PROTECTING, "strict-transport-security")}


# A service's answer, one of a route's own (404), one of a filter's own (a bad token).
@pytest.mark.parametrize("path", [ORDERS, "/.ramet/ready"])
def test_answers_protect_a_browser_where_the_service_says_nothing(edge: Edge, path: str) -> None:
    expected = {name: [value] for name, value in PROTECTING.items()}
    assert headers_of(edge, path) == expected | {"strict-transport-security": []}


def test_a_refusal_of_the_gateway_protects_a_browser_too(edge: Edge) -> None:
    answer = edge.get(ORDERS, Authorization="Bearer nonsense")
    assert answer.status == 401
    for name, value in PROTECTING.items():
        assert answer.headers.get_all(name) == [value]


def test_what_a_service_says_about_itself_wins(edge: Edge) -> None:
    own = {"X-Frame-Options": "SAMEORIGIN", "Referrer-Policy": "no-referrer"}
    edge.upstreams["orders"].respond = lambda request: (200, own, b"")
    found = headers_of(edge)
    assert found["x-frame-options"] == ["SAMEORIGIN"]
    assert found["referrer-policy"] == ["no-referrer"]
    assert found["x-content-type-options"] == ["nosniff"]


def test_over_tls_a_browser_does_not_go_back_to_plain_http(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    edge = Edge(gateway={"tls": "local", "given_url": "https://shop.example"})
    edge.certificate = papers.certificate(tmp_path_factory.mktemp("tls"))
    edge.start()
    try:
        assert headers_of(edge)["strict-transport-security"] == ["max-age=31536000"]
        edge.gateway = {"tls": "local"}  # the public host is localhost now
        edge.configure()
        assert [
            header["header"]["key"]
            for header in _compiled_headers(edge)
            if header["header"]["key"] == "strict-transport-security"
        ] == []
    finally:
        edge.stop()


def _compiled_headers(edge: Edge) -> list[dict[str, dict[str, str]]]:
    from ramet.tools.gateway.security_headers import security_headers

    return security_headers(edge.system.gateway)


@pytest.fixture(scope="module")
def open_to_an_app() -> Iterator[Edge]:
    cors = Cors((APP,), expose=("x-request-id",), credentials=True, max_age=120)
    edge = Edge(gateway={"cors": cors}).start()
    try:
        yield edge
    finally:
        edge.stop()


@pytest.fixture
def cors(open_to_an_app: Edge) -> Edge:
    """A gateway that one app of another origin may use."""
    open_to_an_app.forget()
    return open_to_an_app


def preflight(edge: Edge, origin: str) -> Answer:
    return edge.get(
        ORDERS,
        method="OPTIONS",
        Origin=origin,
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="authorization",
    )


def test_a_preflight_of_a_named_origin_is_answered_with_what_it_may(cors: Edge) -> None:
    answer = preflight(cors, APP)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == APP
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-max-age"] == "120"
    assert cors.reached() == []


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://app.example", f"{APP}.evil.example", "null"]
)
def test_a_preflight_of_any_other_origin_gets_no_permission(cors: Edge, origin: str) -> None:
    assert preflight(cors, origin).headers["access-control-allow-origin"] is None
    assert cors.reached() == []


def test_an_answer_says_who_may_read_it(cors: Edge) -> None:
    answer = cors.get(ORDERS, Origin=APP)
    assert answer.headers["access-control-allow-origin"] == APP
    assert answer.headers["access-control-expose-headers"] == "x-request-id"
    foreign = cors.get(ORDERS, Origin="https://evil.example")
    assert foreign.headers["access-control-allow-origin"] is None
    # What a cache keeps for one origin must not be shown to another.
    for each in (answer, foreign, cors.get(ORDERS)):
        assert "origin" in (each.headers["vary"] or "").lower()


def test_a_vary_of_the_service_is_kept(cors: Edge) -> None:
    cors.upstreams["orders"].respond = lambda request: (200, {"Vary": "Cookie"}, b"")
    told = ", ".join(cors.get(ORDERS, Origin=APP).headers.get_all("vary") or [])
    assert "cookie" in told.lower()
    assert "origin" in told.lower()


def test_without_cors_no_foreign_page_is_permitted_anything(edge: Edge) -> None:
    answer = preflight(edge, APP)
    assert [name for name in answer.headers if name.lower().startswith("access-control-")] == []
