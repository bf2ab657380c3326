"""A form for an operation's arguments, and what was typed into it."""

import pytest

from ramet.tools.dashboard.contract_forms import Unreadable, example, fields_of, read

TYPES = {
    "Line": {
        "type": "object",
        "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer"}},
        "required": ["sku", "quantity"],
    },
    "Tree": {
        "type": "object",
        "properties": {"child": {"$ref": "#/types/Tree"}},
        "required": ["child"],
    },
    "Colour": {"enum": ["red", "green"]},
}
ARGUMENTS = {
    "type": "object",
    "properties": {
        "order_id": {"type": "string", "format": "uuid"},
        "lines": {"type": "array", "items": {"$ref": "#/types/Line"}},
        "page": {"type": "integer", "default": 1},
        "price": {"type": "number"},
        "urgent": {"type": "boolean", "default": False},
        "colour": {"$ref": "#/types/Colour"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
    },
    "required": ["order_id", "lines", "price", "colour"],
}
FIELDS = fields_of(ARGUMENTS, TYPES)


def test_each_argument_is_a_field_of_its_kind() -> None:
    assert {field.name: (field.kind, field.is_required) for field in FIELDS} == {
        "order_id": ("text", True),
        "lines": ("json", True),
        "page": ("integer", False),
        "price": ("number", True),
        "urgent": ("boolean", False),
        "colour": ("choice", True),
        "note": ("json", False),
    }
    by_name = {field.name: field for field in FIELDS}
    assert by_name["colour"].choices == ('"red"', '"green"')
    assert by_name["page"].default == "1"


def test_an_example_has_the_form_that_is_asked_for() -> None:
    assert example(ARGUMENTS["properties"]["lines"], TYPES) == [{"sku": "text", "quantity": 1}]
    assert example({"const": 3}, {}) == 3
    assert example({"oneOf": [{"type": "null"}]}, {}) is None


def test_a_type_that_contains_itself_has_an_example_that_ends_soon() -> None:
    found, depth = example({"$ref": "#/types/Tree"}, TYPES), 0
    while found:
        found, depth = found["child"], depth + 1
    assert 1 <= depth <= 6


def test_what_is_typed_becomes_the_arguments() -> None:
    typed = {
        "order_id": " 7 ",
        "lines": '[{"sku": "a", "quantity": 2}]',
        "page": "3",
        "price": "1.50",
        "urgent": "true",
        "colour": '"red"',
        "note": "",
    }
    assert read(FIELDS, typed) == {
        "order_id": " 7 ",
        "lines": [{"sku": "a", "quantity": 2}],
        "page": 3,
        "price": 1.5,
        "urgent": True,
        "colour": "red",
    }


def test_an_empty_text_that_is_required_is_an_empty_text() -> None:
    fields = fields_of({"properties": {"name": {"type": "string"}}, "required": ["name"]}, {})
    assert read(fields, {}) == {"name": ""}


@pytest.mark.parametrize(
    ("name", "text", "takes"),
    [
        ("page", "three", "a whole number"),
        ("price", "much", "a number"),
        ("lines", "[", "JSON"),
        ("lines", "[" * 100_000, "JSON"),
    ],
)
def test_what_does_not_fit_is_told_by_its_field(name: str, text: str, takes: str) -> None:
    typed = {"order_id": "x", "lines": "[]", "price": "1", "colour": '"red"', name: text}
    with pytest.raises(Unreadable, match=f"{name} takes {takes}"):
        read(FIELDS, typed)
