"""`ramet explain` answers from the manifest what one call does."""

import json
from pathlib import Path
from typing import Any

import pytest

from ramet.cli.explain import explanation
from ramet.errors import DiagnosticError
from ramet.system import Gateway, Infrastructure, Policy, Service, System, placement
from ramet.system.least_privilege import Grant
from tests.unit.cli.conftest import Ramet
from tests.unit.placement.project import Project

SYSTEM = System(
    name="shop",
    settings="shop.settings",
    services={name: Service(name, apps=(f"shop.{name}",)) for name in ("users", "orders", "stock")},
    gateway=Gateway(),
    infrastructure=Infrastructure(),
    path=Path("/srv/ramet.toml"),
)
MANIFEST: dict[str, Any] = {
    "services": {
        "users": {"uses": {}},
        "orders": {"uses": {"stock": {"contract": ["Products"]}}},
        "stock": {
            "contracts": {
                "shop.stock.v1.Products": {
                    "operations": {
                        "get": {"deadline": 0.5, "idempotent": True, "atomic": True},
                        "sell": {"deadline": 2.0, "idempotent": False, "atomic": False},
                    },
                    "refusals": {"shop.stock.SoldOut": {}},
                }
            }
        },
    }
}

POLICY = Policy(
    frozenset({Grant("stock", "shop.stock.v1.Products", "orders", "shop/orders/sagas.py:3")})
)
RUN = Path("/run/x")


def explained(caller: str, operation: str, as_: str = "services") -> str:
    """The rendered explanation."""
    groups = placement(SYSTEM, as_)
    return str(explanation(SYSTEM, groups, MANIFEST, POLICY, caller, operation, RUN))


def test_a_call_to_another_process_goes_through_the_mesh() -> None:
    """The whole text."""
    assert explained("orders", "products.get") == (
        "orders -> shop.stock.v1.Products.get\n"
        "  placement    two processes: orders and stock\n"
        "  address      POST /.ramet/calls/shop.stock.v1.Products/get "
        "at /run/x/orders.out.sock with x-ramet-service: stock, "
        "from there over mutual TLS to /run/x/stock.mesh.sock\n"
        "  deadline     0.5 s at most, and never more than the caller has left\n"
        "  retries      once, by the mesh: declared idempotent\n"
        "  idempotency  with a key, the result is stored in the operation's own transaction\n"
        "  identity     spiffe://shop/orders calls spiffe://shop/stock, each shows a certificate; "
        "the user's access token goes along and stock checks it again\n"
        "  policy       allowed: shop/orders/sagas.py:3 imports shop.stock.v1.Products\n"
        "  refusals     shop.stock.SoldOut"
    )


def test_a_call_that_the_mesh_refuses_is_told_so() -> None:
    """The service's code shows no need of it."""
    policy = "refused with 403 by the mesh: nothing in users imports shop.stock.v1.Products"
    assert f"  policy       {policy}" in explained("users", "products.get").splitlines()


def test_a_call_in_one_process_says_so() -> None:
    """The whole text, of an operation that is neither idempotent nor atomic."""
    assert explained("users", "stock.sell", "users+stock") == (
        "users -> shop.stock.v1.Products.sell\n"
        "  placement    the same process: users+stock\n"
        "  address      in process; arguments and result are copied all the same\n"
        "  deadline     2 s at most, and never more than the caller has left\n"
        "  retries      none: not declared idempotent\n"
        "  idempotency  atomic=False: the operation keeps its own guarantee\n"
        "  identity     users, because its module makes the client; the user's access token goes "
        "along and stock checks it again\n"
        "  policy       not needed: nothing in users imports shop.stock.v1.Products, so nothing "
        "there makes this call\n"
        "  refusals     shop.stock.SoldOut"
    )


@pytest.mark.parametrize("operation", ["Products.get", "stock.get", "shop.stock.v1.Products.get"])
def test_a_contract_may_be_named_in_several_ways(operation: str) -> None:
    """By its class, by its service when that is clear, or in full."""
    assert explained("orders", operation).startswith("orders -> shop.stock.v1.Products.get\n")


def test_of_several_versions_the_newest_is_meant() -> None:
    """By number: 10 comes after 2."""
    facts = {"operations": {"get": {"deadline": 1.0, "idempotent": True, "atomic": True}}}
    contracts = {f"shop.stock.v{number}.Products": facts for number in (1, 10, 2)}
    manifest = {"services": {"orders": {}, "stock": {"contracts": contracts}}}
    groups = placement(SYSTEM, "services")
    found = explanation(SYSTEM, groups, manifest, POLICY, "orders", "products.get", RUN)
    assert found.call == "orders -> shop.stock.v10.Products.get"


def test_the_policy_knows_a_contract_whose_class_has_another_name(
    project: Project, ramet: Ramet
) -> None:
    """Two versions of a contract are two classes of one module."""
    versions = "".join(
        f"class {name}(ramet.Contract, version={version}, name='Payments'):\n"
        "    @ramet.operation(deadline='3s')\n"
        "    def void(self, order: int) -> None: ...\n"
        for name, version in (("PaymentsV1", 1), ("PaymentsV2", 2))
    )
    project.write("small/payments/contract.py", f"import ramet\n{versions}")
    project.write(
        "small/payments/services.py",
        "import ramet\n"
        "from small.payments.contract import PaymentsV1, PaymentsV2\n"
        "@ramet.implements(PaymentsV1)\n"
        "@ramet.implements(PaymentsV2)\n"
        "class Bank:\n"
        "    def void(self, order: int) -> None: ...\n",
    )
    project.write("small/orders/calls.py", "from small.payments.contract import PaymentsV2\n")
    run = ramet("explain", "orders", "payments.void", "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["policy"] == (
        "allowed: small/orders/calls.py:1 imports small.payments.v2.Payments"
    )
    run = ramet("explain", "orders", "small.payments.v1.Payments.void", "--json")
    assert json.loads(run.stdout)["policy"].startswith("refused with 403 by the mesh")


def test_an_unknown_operation_or_service_is_told_with_what_is_known() -> None:
    """The whole texts."""
    with pytest.raises(DiagnosticError) as raised:
        explained("orders", "product.get")
    assert str(raised.value) == (
        "ramet explain: unknown-operation\n"
        '  found     "product.get"\n'
        "  expected  CONTRACT.OPERATION: products.get, products.sell\n"
        '  remedy    Did you mean "products.get"?'
    )
    with pytest.raises(DiagnosticError, match="expected  a service: orders, stock, users"):
        explained("nobody", "products.get")


def test_the_command_reads_the_manifest_of_the_project(project: Project, ramet: Ramet) -> None:
    """A real contract, as JSON."""
    project.write(
        "small/payments/contract.py",
        "import ramet\n"
        "class Payments(ramet.Contract, version=1):\n"
        "    @ramet.operation(deadline='3s')\n"
        "    def void(self, order: int) -> None: ...\n",
    )
    project.write(
        "small/payments/services.py",
        "import ramet\n"
        "from small.payments.contract import Payments\n"
        "@ramet.implements(Payments)\n"
        "class Bank:\n"
        "    def void(self, order: int) -> None: ...\n",
    )
    run = ramet("explain", "orders", "payments.void", "--json")
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    assert answer["call"] == "orders -> small.payments.v1.Payments.void"
    assert answer["deadline"].startswith("3 s at most")
