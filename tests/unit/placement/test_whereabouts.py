"""Which place `here` tells, whatever settings took over meanwhile."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from ramet.errors import DiagnosticError
from ramet.placement import Here, here
from ramet.placement.environment import Environment
from ramet.system import Gateway, Infrastructure, Service, System

SYSTEM = System(
    name="shop",
    settings="shop.settings",
    services={name: Service(name, apps=(f"shop.{name}",)) for name in ("orders", "products")},
    gateway=Gateway(),
    infrastructure=Infrastructure(),
    path=Path("/srv/ramet.toml"),
)


def place(service: str) -> Here:
    environment = Environment.read({"RAMET_SERVICES": service}, SYSTEM)
    return Here(SYSTEM, frozenset({service}), service, environment)


def test_it_is_that_of_the_settings_in_force() -> None:
    orders, products = place("orders"), place("products")
    with override_settings(RAMET=orders):
        assert here() is orders
        with override_settings(RAMET=products):
            assert here() is products
            assert here() is products  # from what was looked up before
        assert here() is orders
        with override_settings(USE_TZ=True):
            assert here() is orders
            settings.RAMET = products
            assert here() is products


@pytest.mark.parametrize("found", [None, "orders"])
def test_settings_that_do_not_end_with_place_are_told(found: object) -> None:
    with override_settings(RAMET=place("orders")):
        here()
        with (
            override_settings(RAMET=found),
            pytest.raises(DiagnosticError, match="End the settings with"),
        ):
            here()
