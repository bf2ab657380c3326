"""One running shop for all attacks. What it has survived before makes the next one harder.

As services only: as a monolith it has the same gateway, and no mesh to attack.
"""

from collections.abc import Iterator

import pytest

from tests.acceptance.attacks.attacked_shop import AttackedShop
from tests.acceptance.attacks.evidence import Evidence


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedShop]:
    """The shop and its probe, up."""
    folder = tmp_path_factory.mktemp("attacked") / "shop"
    with AttackedShop(folder, "services").running() as attacked:
        yield attacked


@pytest.fixture(scope="package")
def evidence(shop: AttackedShop) -> Evidence:
    """What the services saw of each attack."""
    return Evidence(shop)
