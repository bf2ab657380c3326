"""The JSON Schema of `ramet.toml`, from the same keys that the reader knows, for editors."""

from typing import Any

from ramet.system.fields import TABLES
from ramet.system.keys import SERVICE_NAME, Key

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of the file.

    It covers what a single value can show. Mistakes between values, such as one app owned by two
    services, are found by `load` alone.
    """
    tables: dict[str, Any] = {}
    for name, (description, keys) in TABLES.items():
        table = _table(keys)
        if name == "services":
            table = {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": f"^{SERVICE_NAME}$"},
                "additionalProperties": table
                | {"oneOf": [{"required": ["apps"]}, {"required": ["command"]}]},
            }
        elif name == "candidates":
            table = {
                "type": "object",
                "propertyNames": {"pattern": f"^{SERVICE_NAME}$"},
                "additionalProperties": table,
            }
        tables[name] = {"description": description} | table
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ramet.toml",
        "description": "A system of services that share one Django codebase.",
        "type": "object",
        "required": ["system", "services"],
        "additionalProperties": False,
        "properties": tables,
    }


def _table(keys: tuple[Key, ...]) -> dict[str, Any]:
    table: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: _value(key) for key in keys},
    }
    required = [key.name for key in keys if key.required]
    return table | {"required": required} if required else table


def _value(key: Key) -> dict[str, Any]:
    if key.kind == "table":
        return {"description": key.description} | _table(key.keys)
    if key.kind == "boolean":
        return {"description": key.description, "type": "boolean"}
    value: dict[str, Any] = {"description": key.description}
    if key.kind == "share":
        value |= {"type": "number", "minimum": 0, "maximum": 1}
        return value | {"examples": [float(str(key.example))]}
    text = {"type": "string", "pattern": f"^({key.pattern})$"}
    if key.kind == "strings":
        value |= {"type": "array", "items": text, "minItems": 1}
        return value | {"examples": [list(key.example)]}
    return value | text | {"examples": [key.example]}
