"""Who calls: the mesh's header says it where there is a mesh, else the code; never a claim."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType

import pytest
from django.test import override_settings

import ramet
from ramet.calls.caller import begin_request, end_request, making_service, service_in
from ramet.errors import DiagnosticError
from ramet.placement import Here
from ramet.placement.environment import Environment
from ramet.system import Gateway, Infrastructure, Service, System

SYSTEM = System(
    name="shop",
    settings="tests.settings",
    services={name: Service(name, apps=(f"shop.{name}",)) for name in ("orders", "products")},
    gateway=Gateway(),
    infrastructure=Infrastructure(),
    path=Path("/srv/ramet.toml"),
)
IN_MESH = {"RAMET_MESH_URL": "unix:/run/x/{caller}.out.sock"}
IN_ANOTHER = {"RAMET_MESH_URL": "http://{service}:8080"}
Placed = Callable[..., Here]


@pytest.fixture
def placed() -> Iterator[Placed]:
    """Be the process of some services, in an environment."""
    settings = override_settings()

    def place(*services: str, **environ: str) -> Here:
        environment = Environment.read({**environ, "RAMET_SERVICES": ",".join(services)}, SYSTEM)
        here = Here(SYSTEM, frozenset(services), "test", environment)
        settings.options = {"RAMET": here}
        settings.enable()
        return here

    yield place
    settings.disable()


def of(module: str, function: FunctionType) -> FunctionType:
    """The same function, as if it stood in another module."""
    return FunctionType(function.__code__, {**function.__globals__, "__name__": module})


@pytest.mark.parametrize(
    ("header", "service"),
    [
        ("spiffe://shop/orders", "orders"),
        ("spiffe://shop/gateway", "gateway"),
        ("spiffe://bank/orders", None),
        ("spiffe://shop/orders,spiffe://shop/products", None),
        ("spiffe://shop/orders/x", None),
        ("orders", None),
        ("", None),
    ],
)
def test_the_meshs_header_says_who_calls(placed: Placed, header: str, service: str | None) -> None:
    placed("products", **IN_MESH)
    assert service_in({"HTTP_X_RAMET_CALLER": header}) == service
    assert service_in({}) is None


@pytest.mark.parametrize("mesh", [{}, IN_ANOTHER])
def test_without_ramets_mesh_the_header_is_a_claim_of_anybody(
    placed: Placed, mesh: dict[str, str]
) -> None:
    placed("products", **mesh)
    assert service_in({"HTTP_X_RAMET_CALLER": "spiffe://shop/orders"}) is None


@pytest.mark.parametrize(
    ("mesh", "header", "service"),
    [
        (IN_MESH, "spiffe://shop/orders", "orders"),
        (IN_MESH, "spiffe://shop/gateway", "gateway"),
        ({}, "spiffe://shop/orders", "gateway"),
        ({}, "", "gateway"),
        (IN_ANOTHER, "spiffe://shop/orders", None),
        (IN_ANOTHER, "", None),
    ],
)
def test_a_request_to_django_is_from_outside_where_no_mesh_is_and_from_whom_ramets_says(
    placed: Placed, mesh: dict[str, str], header: str, service: str | None
) -> None:
    placed("products", **mesh)
    begin_request(environ={"HTTP_X_RAMET_CALLER": header})
    assert ramet.caller().service == service
    end_request()
    assert ramet.caller().service is None


def who() -> str | None:
    return making_service(0)


def test_the_nearest_module_of_a_service_calls(placed: Placed) -> None:
    placed("orders", "products")
    ask = of("shop.orders.sagas", who)
    assert ask() == "orders"
    through_shared = of("shop.shared", lambda: making_service(0))
    within = of("shop.products.views", lambda call: call())
    assert within(through_shared) == "products"
    assert within(ask) == "orders"


def test_code_of_no_service_is_that_of_the_only_one_here(placed: Placed) -> None:
    placed("orders")
    assert of("shop.shared", who)() == "orders"


def test_code_of_a_service_elsewhere_does_not_call_in_its_name(placed: Placed) -> None:
    """Its contract may run here, in the process of whoever imports it."""
    placed("orders")
    assert of("shop.products.contract", who)() == "orders"


def test_the_mesh_is_not_called_by_nobody(placed: Placed) -> None:
    here = placed("orders", "products", **IN_MESH)
    assert of("shop.shared", who)() is None
    with pytest.raises(DiagnosticError, match=r"caller-unknown[\s\S]*orders, products"):
        here.environment.mesh_url("users", None)
