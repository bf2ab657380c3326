"""Questions to a System."""

from collections.abc import Callable

import pytest

from ramet.errors import DiagnosticError
from ramet.system import Gateway, Infrastructure, System
from tests.unit.system.conftest import MINIMAL

Read = Callable[[str], System]


def test_the_longest_app_owns_a_module(read: Read) -> None:
    """An app may lie in the folder of another service's app."""
    (system := read(MINIMAL)).root.joinpath("shop/orders/returns").mkdir()
    system = read(MINIMAL + '[services.returns]\napps = ["shop.orders.returns"]\n')
    owners = {
        module: getattr(system.service_of_module(module), "name", None)
        for module in (
            "shop.orders",
            "shop.orders.models",
            "shop.orders.returns.models",
            "shop.orders_archive",
            "shop.money",
        )
    }
    assert owners == {
        "shop.orders": "orders",
        "shop.orders.models": "orders",
        "shop.orders.returns.models": "returns",
        "shop.orders_archive": None,
        "shop.money": None,
    }


def test_own_apps_are_those_in_the_folder_of_the_file(read: Read) -> None:
    """Installed packages are owned, but not own."""
    system = read(MINIMAL)
    assert system.is_own_app("shop.orders")
    assert not system.is_own_app("django.contrib.auth")


@pytest.mark.parametrize(
    ("gateway", "url"),
    [
        (Gateway(), "http://localhost:8000"),
        (Gateway("0.0.0.0", 9000), "http://localhost:9000"),
        (Gateway("shop.test", 80), "http://shop.test"),
        (Gateway("fd00::1", 8000), "http://[fd00::1]:8000"),
        (Gateway(tls="local"), "https://localhost:8000"),
        (Gateway("0.0.0.0", 443, tls="local"), "https://localhost"),
        (Gateway(tls="balancer", given_url="https://shop.test"), "https://shop.test"),
    ],
)
def test_the_public_url_is_one_that_a_browser_opens(gateway: Gateway, url: str) -> None:
    """Cookies and redirects of OpenID need one name for the machine, not two."""
    assert gateway.public_url == url


def test_infrastructure_takes_its_urls_from_the_environment() -> None:
    """Only values that name a variable change."""
    declared = Infrastructure(postgres="$DB", broker="embedded")
    assert declared.resolved({"DB": "postgresql://h/x"}) == Infrastructure(
        postgres="postgresql://h/x", broker="embedded"
    )


def test_infrastructure_tells_all_variables_that_are_not_set() -> None:
    """An empty one counts as not set."""
    with pytest.raises(DiagnosticError) as raised:
        Infrastructure(postgres="$DB", broker="$NATS").resolved({"DB": ""})
    assert [mistake.found for mistake in raised.value.mistakes] == [
        '"$DB", but DB is not set',
        '"$NATS", but NATS is not set',
    ]
