"""Adding to a TOML file: what a person wrote stays, byte for byte."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ramet.tools.assess.boundaries.toml_editing import CannotEdit, array, with_items, with_table

APPS = ("services", "orders", "apps")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('apps = ["a"]  # why', 'apps = ["a", "b", "c"]  # why'),
        ('apps = [ "a" , ]', 'apps = [ "a" , "b", "c"]'),
        ("apps = ['a[b]']", 'apps = [\'a[b]\', "b", "c"]'),
        ("apps = []", 'apps = ["b", "c"]'),
        (
            'apps = [\n  "a",  # the first ]\n]\nowner = "x"',
            'apps = [\n  "a",  # the first ]\n  "b",\n  "c",\n]\nowner = "x"',
        ),
        (
            'apps = [\n\t"a" # last\n\t# end\n]',
            'apps = [\n\t"a", # last\n\t# end\n\t"b",\n\t"c",\n]',
        ),
        ('apps = [\n    "a"]', 'apps = [\n    "a",\n    "b",\n    "c",\n]'),
        ("apps = [\n]", 'apps = [\n    "b",\n    "c",\n]'),
        ('apps = [\r\n  "a",\r\n]\r\n', 'apps = [\r\n  "a",\r\n  "b",\r\n  "c",\r\n]\r\n'),
    ],
)
def test_items_are_added_where_the_array_ends(before: str, after: str) -> None:
    """Whatever its form; comments stay with their items."""
    head = "# mine\n[services.orders]\n"
    assert with_items(head + before, APPS, ["b", "c"]) == head + after


@pytest.mark.parametrize(
    "text",
    [
        'services.orders.apps = ["a"]',
        'services = { users = { apps = ["u"] }, orders = { apps = ["a"], owner = "x" } }',
        '["services"."orders"]\n"apps" = ["a"]',
    ],
)
def test_the_right_array_is_found_in_every_form_of_table(text: str) -> None:
    """A line may have several arrays of this name."""
    made = tomllib.loads(with_items(text, APPS, ["b"]))
    wanted = tomllib.loads(text)
    wanted["services"]["orders"]["apps"].append("b")
    assert made == wanted


def test_a_table_is_added_at_the_end_with_its_reason() -> None:
    """And all before it stays as it is."""
    before = '# mine\n[system]\nname = "x" # y\n\n\n'
    made = with_table(before, ("services", "orders"), {"apps": ["a.b"]}, "It is stable.\nYes.")
    assert made == (
        '# mine\n[system]\nname = "x" # y\n\n'
        '# It is stable.\n# Yes.\n[services.orders]\napps = ["a.b"]\n'
    )


def test_what_cannot_be_added_to_is_refused() -> None:
    """A table that is there, and one that a closed inline table would have to hold."""
    with pytest.raises(CannotEdit, match=r"services\.orders"):
        with_table('[services.orders]\napps = ["a"]', ("services", "orders"), {"apps": ["b"]}, "")
    with pytest.raises(CannotEdit, match=r"services\.orders"):
        with_table("services = {}", ("services", "orders"), {"apps": ["b"]}, "")


@given(st.lists(st.from_regex(r"\A[A-Za-z_.]{1,20}\Z"), min_size=1, max_size=12))
def test_an_array_reads_back(items: list[str]) -> None:
    """Long or short."""
    assert tomllib.loads(f"a = {array(items)}") == {"a": items}
