"""However a path is spelt, it reaches only the service that its plain spelling belongs to."""

import re
from urllib.parse import unquote

import pytest

from tests.integration.gateway.harness import ROUTES, Edge

# Every one means, to some server, /.ramet/ or the orders below a public prefix.
TRICKS = [
    "/.ramet/calls/shop.orders.v1.Orders/place",
    "/.ramet",
    "/.ramet/",
    "/./.ramet/calls/x",
    "//.ramet/calls/x",
    "/%2eramet/calls/x",
    "/%2Eramet/calls/x",
    "/.%72amet/calls/x",
    "/.%52amet/calls/x",
    "/.RAMET/calls/x",
    "/%2e%72%61%6d%65%74/calls/x",
    "/.ramet%2fcalls/x",
    "/.ramet%2Fcalls/x",
    "/.ramet%5ccalls/x",
    "/.ramet\\calls\\x",
    "/.ramet;x=y/calls/x",
    "/.ramet//calls/x",
    "/.ramet/../.ramet/calls/x",
    "/o/../.ramet/calls/x",
    "/o/%2e%2e/.ramet/calls/x",
    "/o/%2e./.ramet/calls/x",
    "/o/..%2f.ramet/calls/x",
    "/o/%2f../.ramet/calls/x",
    "/o/..;/.ramet/calls/x",
    "/o/%252e%252e/.ramet/calls/x",
    "/o/..%252f.ramet/calls/x",
    "/o/..%c0%af.ramet/calls/x",
    "/o/..%00/.ramet/calls/x",
    "/api/v1/products/../orders/",
    "/api/v1/products/%2e%2e/orders/",
    "/api/v1/products/%2E%2E/orders/",
    "/api/v1/products/.%2e/orders/",
    "/api/v1/products/..%2forders/",
    "/api/v1/products/..%2Forders/",
    "/api/v1/products/%2f..%2f../orders/",
    "/api/v1/products/..%5corders/",
    "/api/v1/products/..\\orders/",
    "/api/v1/products/..;/orders/",
    "/api/v1/products/%252e%252e/orders/",
    "/api/v1//products/..//orders/",
    "/api/v1/./orders/",
    "/api/v1/products/../../../../etc/passwd",
    "/api/v1/products/..%00/orders/",
    "/api/v1/products/#/../orders/",
    "/api/v1/products/?/../orders/",
    "http://localhost/.ramet/calls/x",
    "http://localhost/o/../.ramet/calls/x",
    "*",
    "",
    ".ramet/calls/x",
]


def service_of(path: str) -> str:
    prefixes = [(prefix, name) for name, routes in ROUTES.items() for prefix in routes]
    for prefix, name in sorted(prefixes, key=lambda pair: -len(pair[0])):
        if f"{path}/".startswith(prefix):
            return name
    raise AssertionError(path)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("trick", TRICKS)
def test_no_spelling_of_a_path_reaches_what_it_should_not(
    edge: Edge, trick: str, method: str
) -> None:
    request = f"{method} {trick} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    request += "Content-Length: 0\r\n\r\n"
    answer = edge.raw(request.encode())

    assert answer.startswith(b"HTTP/1.1 ")
    for service, target in edge.reached():
        path = target.partition("?")[0]
        # A server decodes a path once.
        seen = unquote(path)
        assert not f"{seen}/".lower().startswith("/.ramet/"), (trick, target)
        assert not {"..", "."} & set(re.split(r"[/\\\\]", seen)), (trick, target)
        assert not re.search("%2f|%5c|%00", path.lower()), (trick, target)
        assert service == service_of(path) == service_of(seen), (trick, target)


def test_a_plain_path_reaches_its_service(edge: Edge) -> None:
    for path, service in [
        ("/api/v1/orders/7/", "orders"),
        ("/api/v1/orders", "orders"),
        ("/api/v1/products/?search=a%2Fb", "products"),
        ("/anything", "storefront"),
        ("/api/v1/ordersx", "storefront"),
        ("/ramet/", "storefront"),
        ("/a/.rameter/", "storefront"),
    ]:
        edge.forget()
        assert edge.get(path).status == 200
        assert edge.reached() == [(service, path)]


def test_a_path_that_no_service_has_is_denied_at_last() -> None:
    edge = Edge(routes={"users": ("/o/",), "orders": ("/api/v1/orders/",)}).start()
    try:
        edge.forget()
        answer = edge.get("/api/v1/payments/")
        assert answer.status == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"] == "Nothing is served at this path."
        assert edge.get("/").status == 404
        assert edge.get("/.ramet/ready").status == 404
        assert edge.reached() == []
    finally:
        edge.stop()
