"""Addresses to listen at, as `ramet.toml` writes them."""

from typing import Any

from ramet.system.document import Document
from ramet.system.keys import Key

__all__ = ["ADDRESS", "address"]

ADDRESS = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}"


def address(
    document: Document, values: dict[str, Any], table: str, name: str, keys: tuple[Key, ...]
) -> tuple[str, int] | None:
    """The host, without brackets, and the port of a key; None where it is not set.

    `values` are those of the table, `keys` what it may have. A port that is none becomes a mistake
    of `document`.
    """
    if name not in values:
        return None
    host, _, port = values[name].rpartition(":")
    if not 1 <= int(port) <= 65534:
        key = next(key for key in keys if key.name == name)
        document.add(
            "invalid-value",
            (table, name),
            found=f'{name} = "{values[name]}"',
            expected=key.expected,
            remedy=f'Write {name} = "{key.example}".',
        )
    return host.strip("[]"), int(port)
