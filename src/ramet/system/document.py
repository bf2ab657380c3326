"""A parsed TOML file that collects mistakes while it is read, each with its line."""

import difflib
import re
from collections.abc import Iterable
from typing import Any

from ramet.errors import Mistake
from ramet.system.detecting import looks_secret
from ramet.system.keys import Key
from ramet.system.lines import KeyPath, locate

__all__ = ["Document", "did_you_mean"]


class Document:
    """Typed access to the tables; whatever does not fit is left out and added to `mistakes`."""

    def __init__(self, content: dict[str, Any], text: str, shown: str) -> None:
        self.content = content
        self.mistakes: list[Mistake] = []
        self._shown = shown
        self._lines = locate(text)

    def where(self, path: KeyPath) -> str:
        """`ramet.toml:12`, the line of a key; of the nearest table around it when it is absent."""
        while path and path not in self._lines:
            path = path[:-1]
        return f"{self._shown}:{self._lines.get(path, 1)}"

    def line(self, where: str) -> int:
        """The line of what `where` returned: the order of the file is the order to report in."""
        return int(where.rpartition(":")[2])

    def mistake(
        self, reference: str, path: KeyPath, *, found: str, expected: str, remedy: str
    ) -> Mistake:
        """A mistake at the line of a key."""
        return Mistake(reference, self.where(path), found, expected, remedy)

    def add(self, reference: str, path: KeyPath, *, found: str, expected: str, remedy: str) -> None:
        """Collect a mistake at the line of a key."""
        self.mistakes.append(
            self.mistake(reference, path, found=found, expected=expected, remedy=remedy)
        )

    def names(self, path: KeyPath) -> list[str]:
        """The keys of a table that must be there and not be empty, such as the services."""
        table = self._table(path)
        if table == {}:
            self.add(
                "missing-table",
                path,
                found=f"no [{_dotted(path)}.NAME]",
                expected="at least one service",
                remedy=f"Add [{_dotted(path)}.NAME] with the apps of a service.",
            )
        return list(table or {})

    def values(
        self, path: KeyPath, keys: tuple[Key, ...], *, is_required: bool = False
    ) -> dict[str, Any]:
        """The valid values of one table by key: strings, tuples, booleans, numbers, inner tables.

        A table that is there has its required keys, and with `is_required` this one has.
        """
        table = self._table(path)
        if table is None:
            return {}
        self.refuse_unknown(path, [key.name for key in keys])
        values: dict[str, Any] = {}
        for key in keys:
            if key.kind == "table":
                if key.name in table:
                    inner = self.values((*path, key.name), key.keys, is_required=True)
                    values[key.name] = inner
            elif key.name in table:
                value = self._value((*path, key.name), key, table[key.name])
                if value is not None:
                    values[key.name] = value
            elif key.required and is_required:
                self.add(
                    "missing-key",
                    path,
                    found=f"[{_dotted(path)}] without {key.name}",
                    expected=key.expected,
                    remedy=f"Add {key.name} = {_toml(key.example)} to [{_dotted(path)}].",
                )
        return values

    def refuse_unknown(self, path: KeyPath, known: Iterable[str]) -> None:
        """Add a mistake for each key of a table that is not known there."""
        known = list(known)
        kind = "key" if path else "table"
        for name in self._table(path) or {}:
            if name not in known:
                inside = f" in [{_dotted(path)}]" if path else ""
                self.add(
                    f"unknown-{kind}",
                    (*path, name),
                    found=f'"{name}"{inside}',
                    expected=f"one of {', '.join(known)}",
                    remedy=did_you_mean(name, known) or f"Remove this {kind}.",
                )

    def _table(self, path: KeyPath) -> dict[str, Any] | None:
        table: Any = self.content
        for key in path:
            table = table.get(key, {})
            if not isinstance(table, dict):
                self._wrong_table(path)
                return None
        assert isinstance(table, dict)
        return table

    def _wrong_table(self, path: KeyPath) -> None:
        mistake = self.mistake(
            "wrong-type",
            path,
            found=f"{_dotted(path)} as a value",
            expected=f"a table, [{_dotted(path)}]",
            remedy=f"Write [{_dotted(path)}] on a line by itself and its keys below.",
        )
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)

    def _value(
        self, path: KeyPath, key: Key, value: Any
    ) -> str | bool | float | tuple[str, ...] | None:
        if key.kind == "share":
            return self._share(path, key, value)
        if key.kind == "boolean":
            if isinstance(value, bool):
                return value
            self._wrong_type(path, key, value)
            return None
        if key.kind == "string":
            return value if self._is_valid(path, key, value) else None
        if not isinstance(value, list) or not value:
            self._wrong_type(path, key, value)
            return None
        return tuple(
            item for index, item in enumerate(value) if self._is_valid((*path, index), key, item)
        )

    def _share(self, path: KeyPath, key: Key, value: Any) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong_type(path, key, value)
        elif 0 <= value <= 1:
            return float(value)
        else:
            self.add(
                "invalid-value",
                path,
                found=f"{key.name} = {value}",
                expected=key.expected,
                remedy=f"Write {key.name} = {key.example}, or the like.",
            )
        return None

    def _is_valid(self, path: KeyPath, key: Key, value: Any) -> bool:
        if not isinstance(value, str):
            self._wrong_type(path, key, value)
            return False
        if re.fullmatch(key.pattern, value):
            return True
        # Never shown, not even when something else is wrong with its value.
        shown = "a value that looks like a secret" if looks_secret(value) else f'"{value}"'
        if key.planned and re.fullmatch(key.planned, value):
            self.add(
                "not-built-yet",
                path,
                found=f"{key.name} = {shown}, which is not built yet",
                expected=key.expected,
                remedy=f"Write {key.name} = {_toml(key.example)}, or the like.",
            )
            return False
        self.add(
            "invalid-value",
            path,
            found=f"{key.name} = {shown}",
            expected=key.expected,
            remedy=f"Write {key.name} = {_toml(key.example)}, or the like.",
        )
        return False

    def _wrong_type(self, path: KeyPath, key: Key, value: Any) -> None:
        found = "an empty list" if value == [] else f"{_TYPES.get(type(value), 'a date or time')}"
        kind = {"string": "a string: ", "strings": "a list of strings: "}.get(key.kind, "")
        kind = "a string: " if isinstance(path[-1], int) else kind
        bare = {"boolean": "true", "share": str(key.example)}
        example = bare.get(key.kind) or _toml(key.example)
        self.add(
            "wrong-type",
            path,
            found=f"{key.name} with {found}",
            expected=f"{kind}{key.expected}",
            remedy=f"Write {key.name} = {example}, or the like.",
        )


_TYPES = {
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    str: "a string",
    list: "a list",
    dict: "a table",
}


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A question with the nearest known word; None when nothing is near."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f'Did you mean "{close[0]}"?' if close else None


def _dotted(path: KeyPath) -> str:
    return ".".join(str(key) for key in path)


def _toml(example: str | tuple[str, ...]) -> str:
    if isinstance(example, str):
        return f'"{example}"'
    return "[" + ", ".join(f'"{item}"' for item in example) + "]"
