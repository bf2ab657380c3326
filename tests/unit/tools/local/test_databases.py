"""Each group has a database of its own, whose name PostgreSQL takes as it is."""

import re
from urllib.parse import urlsplit

import pytest

from ramet.errors import DiagnosticError
from ramet.system import Group
from ramet.tools.local import databases


def group(name: str) -> Group:
    return Group(tuple(name.split("+")), name)


def test_no_two_groups_share_a_database() -> None:
    """A service a-b and the group of a and b."""
    names = [databases.name_of(group(name)) for name in ("a+b", "a-b", "a+b-c", "a-b+c", "a-b-c")]
    assert names == ["a__b", "a_b", "a__b_c", "a_b__c", "a_b_c"]


def test_a_long_name_is_not_left_to_postgresql_to_cut() -> None:
    """It cuts at 63 bytes, after which two names could be one."""
    long = ["+".join(letter * 20 for letter in letters) for letters in ("abcd", "abce")]
    names = [databases.name_of(group(name)) for name in long]
    assert names[0] != names[1]
    assert all(re.fullmatch("[a-z_][a-z0-9_]{62}", name) for name in names)
    urls = databases.on_server("postgresql://h/", "my-shop", [group(name) for name in long])
    paths = [urlsplit(url).path.removeprefix("/") for url in urls.values()]
    assert len({*paths}) == 2
    assert all(path.startswith("my_shop_a") and len(path) == 63 for path in paths)


@pytest.mark.parametrize(
    "url", ["postgresql://shop:hunter2/x@db:5432/shop", "postgresql://shop:%zhunter2@db/shop"]
)
def test_of_a_url_that_cannot_be_read_no_part_is_told(url: str) -> None:
    with pytest.raises(DiagnosticError, match="database-server-unusable") as caught:
        databases.create_missing(url, [])
    assert "hunter2" not in str(caught.value)
