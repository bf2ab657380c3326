"""A placement's text becomes groups that cover every service once."""

from collections.abc import Callable

import pytest

from ramet.errors import DiagnosticError
from ramet.system import Group, System, placement

TEXT = """\
[system]
name = "shop"
settings = "shop.settings"
[services.users]
apps = ["shop.users"]
[services.shipping]
command = ["node"]
[services.orders]
apps = ["shop.orders"]
[services.payments]
apps = ["shop.payments"]
"""


@pytest.fixture
def system(read: Callable[[str], System]) -> System:
    """Three Django services and one that is not."""
    return read(TEXT)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("services", ["users", "shipping", "orders", "payments"]),
        ("monolith", ["monolith: users orders payments", "shipping"]),
        ("payments+orders", ["users", "shipping", "orders+payments: orders payments"]),
        (" payments + users , orders", ["users+payments: users payments", "shipping", "orders"]),
        ("users+orders+payments", ["monolith: users orders payments", "shipping"]),
        ("orders", ["users", "shipping", "orders", "payments"]),
    ],
)
def test_a_placement_is_read_into_groups(system: System, text: str, groups: list[str]) -> None:
    """In the order of the file, whatever the order of the text."""
    assert placement(system, text) == tuple(
        Group(tuple((names or name).split()), name)
        for name, _, names in (group.partition(": ") for group in groups)
    )


def test_every_mistake_of_a_placement_is_told(system: System) -> None:
    """The whole text."""
    with pytest.raises(DiagnosticError) as raised:
        placement(system, "order+users,users,orders+shipping")
    assert str(raised.value) == (
        'placement "order+users,users,orders+shipping": unknown-service\n'
        '  found     "order"\n'
        "  expected  services, monolith, or one of users, shipping, orders, payments\n"
        '  remedy    Did you mean "orders"?\n'
        "\n"
        'placement "order+users,users,orders+shipping": placed-twice\n'
        '  found     "users" more than once\n'
        "  expected  each service in one group\n"
        '  remedy    Remove all but one "users".\n'
        "\n"
        'placement "order+users,users,orders+shipping": cannot-share-process\n'
        '  found     "shipping", which is started by its own command\n'
        "  expected  only Django services joined with a plus sign\n"
        '  remedy    Take "shipping" out of its group: it runs alone.'
    )


def test_a_group_never_has_the_name_of_a_service(read: Callable[[str], System]) -> None:
    """They name the same sockets, databases and secrets."""
    services = "".join(
        f'[services.{name}]\napps = ["{app}"]\n'
        for name, app in (("a", "shop.users"), ("b", "shop.orders"), ("a-b", "shop.payments"))
    )
    system = read(f'[system]\nname = "shop"\nsettings = "shop.settings"\n{services}')
    assert [group.name for group in placement(system, "a+b")] == ["a+b", "a-b"]


def test_a_group_of_many_has_a_name_that_fits_into_a_sockets_path(
    read: Callable[[str], System],
) -> None:
    """And other services make another name."""
    names = [letter * 40 for letter in "abc"]
    services = "".join(
        f'[services.{name}]\napps = ["shop.{app}"]\n'
        for name, app in zip(names, ("users", "orders", "payments"), strict=True)
    )
    services += '[services.d]\napps = ["shop.products"]\n'
    system = read(f'[system]\nname = "shop"\nsettings = "shop.settings"\n{services}')
    one, _, _ = placement(system, f"{names[0]}+{names[1]}")
    other, _, _ = placement(system, f"{names[0]}+{names[2]}")
    assert len(one.name) == len(other.name) == 48
    assert one.name != other.name
