"""A form for the arguments of an operation, made of their JSON Schema, and read back to JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Field", "Unreadable", "example", "fields_of", "read"]

Schema = Mapping[str, Any]

_DEEPEST = 6
_TEXTS = {
    "uuid": "00000000-0000-0000-0000-000000000000",
    "date-time": "2026-01-02T10:00:00Z",
    "date": "2026-01-02",
}


class Unreadable(Exception):
    """What was typed does not fit; the text says which field and what it takes."""


@dataclass(frozen=True, slots=True)
class Field:
    """One argument. `kind` is text, integer, number, choice, boolean or json.

    `choices` are JSON texts, `default` and `example` what a person would type.
    """

    name: str
    kind: str
    is_required: bool
    described: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    example: str = ""


def fields_of(arguments: Schema, types: Mapping[str, Schema]) -> list[Field]:
    """The fields for an object's properties; `types` are what `#/types/...` refers to."""
    required = set(arguments.get("required", ()))
    return [
        _field(name, _resolved(schema, types), types, is_required=name in required)
        for name, schema in arguments.get("properties", {}).items()
    ]


def read(fields: list[Field], form: Mapping[str, str]) -> dict[str, Any]:
    """The arguments that a form states; what is left empty and not required is left out.

    A text that is required may be empty. Raises Unreadable.
    """
    return {
        field.name: _value(field, form.get(field.name, ""))
        for field in fields
        if form.get(field.name, "").strip() or (field.is_required and field.kind != "boolean")
    }


def example(schema: Schema, types: Mapping[str, Schema], deepest: int = _DEEPEST) -> Any:
    """A value that has the form that a schema asks for."""
    schema = _resolved(schema, types)
    if "default" in schema:
        return schema["default"]
    for key in ("enum", "examples"):
        if schema.get(key):
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            return example(schema[key][0], types, deepest)
    match schema.get("type"):
        case "object":
            if deepest == 0:
                return {}
            wanted = schema.get("required", schema.get("properties", {}))
            properties = schema.get("properties", {})
            return {name: example(properties.get(name, {}), types, deepest - 1) for name in wanted}
        case "array":
            inner = schema.get("items")
            return [example(inner, types, deepest - 1)] if inner and deepest else []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case "null":
            return None
    return _TEXTS.get(schema.get("format", ""), "text")


def _field(name: str, schema: Schema, types: Mapping[str, Schema], *, is_required: bool) -> Field:
    kind, choices = "json", tuple(json.dumps(each) for each in schema.get("enum", ()))
    if choices:
        kind = "choice"
    elif schema.get("type") in ("integer", "number", "boolean"):
        kind = schema["type"]
    elif schema.get("type") == "string":
        kind = "text"
    shown = example({key: schema[key] for key in schema if key != "default"}, types)
    default = schema.get("default")
    is_plain = kind in ("text", "integer", "number")
    return Field(
        name=name,
        kind=kind,
        is_required=is_required,
        described=str(schema.get("description", "")),
        choices=choices,
        default="" if default is None else str(default) if is_plain else json.dumps(default),
        example=str(shown) if is_plain else json.dumps(shown, indent=1, ensure_ascii=False),
    )


def _value(field: Field, text: str) -> Any:
    if field.kind == "text":
        return text
    if field.kind == "boolean":
        return True
    try:
        if field.kind == "integer":
            return int(text)
        return json.loads(text)
    except (ValueError, RecursionError):
        takes = {"integer": "a whole number", "number": "a number"}.get(field.kind, "JSON")
        raise Unreadable(f"{field.name} takes {takes}, not {text[:60]!r}.") from None


def _resolved(schema: Schema, types: Mapping[str, Schema]) -> Schema:
    """The schema itself, or the type that it refers to."""
    reference = str(schema.get("$ref", ""))
    if not reference:
        return schema
    return types.get(reference.rpartition("/")[2], {})
