"""What a call tells the mesh about itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

import ramet
from ramet.calls import context, transport
from ramet.placement import Here
from ramet.placement.environment import Environment
from ramet.system import Gateway, Infrastructure, Service, System

SYSTEM = System(
    name="shop",
    settings="tests.settings",
    services={
        "orders": Service("orders", apps=("shop.orders",)),
        "reports": Service("reports", apps=(__name__,)),
    },
    gateway=Gateway(),
    infrastructure=Infrastructure(),
    path=Path("/srv/ramet.toml"),
)


class Reports(ramet.Contract, version=1):
    """Of a service that lives elsewhere."""

    @ramet.operation(deadline="2m")
    def write(self) -> str:
        """Takes its time."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, str]]]:
    """The headers of each call that goes out, names in lower case."""
    found: list[dict[str, str]] = []

    def post(address: str, path: str, body: bytes, headers: list[str], **_: Any) -> Any:
        pairs = (line.partition(": ") for line in headers)
        found.append({name.lower(): value for name, _, value in pairs})
        return 200, b'{"result": "done"}'

    monkeypatch.setattr(transport, "post", post)
    environ = {"RAMET_SERVICES": "orders", "RAMET_MESH_URL": "unix:/nowhere/{caller}.out.sock"}
    place = Here(SYSTEM, frozenset({"orders"}), "test", Environment.read(environ, SYSTEM))
    with override_settings(RAMET=place):
        yield found


def test_envoy_gives_a_call_more_time_than_the_caller_does(sent: list[dict[str, str]]) -> None:
    """So that it is the caller's own clock that ends it, after two minutes as after one second."""
    assert ramet.client(Reports).write() == "done"
    with context.use_deadline(1):
        assert ramet.client(Reports).write() == "done"
    for headers, seconds in zip(sent, (120, 1), strict=True):
        told = int(headers["connect-timeout-ms"])
        assert seconds * 1000 - 500 < told <= seconds * 1000
        assert int(headers["x-envoy-upstream-rq-timeout-ms"]) == told + 1000
