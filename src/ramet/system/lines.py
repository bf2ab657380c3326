"""On which line each key of a TOML document stands: tomllib does not tell.

Only for documents that tomllib has accepted. So the scanner needs to know where strings, arrays
and tables begin and end, not whether they are right.
"""

import re
import tomllib
from bisect import bisect_right

__all__ = ["KeyPath", "locate"]

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# Longest first: three quotes open another kind of string than one.
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?!")"{0,2}'
    r"|'''.*?'''(?!')'{0,2}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
# A date and a time may be separated by one blank.
_SCALAR = re.compile(r"\d{4}-\d\d-\d\d [^,\]}#\r\n]+|[^,\]}#\s]+")


def locate(text: str) -> dict[KeyPath, int]:
    """Line numbers, from 1, by path: `("services", "orders", "apps", 0)` is an app of orders.

    A table has the line of its header, or of the first key that implies it.
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.newlines = [match.start() for match in re.finditer("\n", text)]
        self.lines: dict[KeyPath, int] = {}
        self.array_lengths: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self.text):
            if self.text[self.position] == "[":
                table = self._header()
            else:
                self._assignment(table)
        return self.lines

    def _header(self) -> KeyPath:
        is_array = self.text.startswith("[[", self.position)
        self.position += 2 if is_array else 1
        table: KeyPath = ()
        keys = self._keys()
        for key in keys[:-1]:
            table = self._element(self._record((*table, key)))
        table = (*table, keys[-1])
        if is_array:
            self.array_lengths[table] = self.array_lengths.get(table, 0) + 1
            self._record(table)
            table = self._element(table)
        self._record(table)
        self._skip(_SPACE)
        self.position += 2 if is_array else 1
        return table

    def _element(self, table: KeyPath) -> KeyPath:
        """A key under an array of tables belongs to the array's last element."""
        length = self.array_lengths.get(table)
        return table if length is None else (*table, length - 1)

    def _assignment(self, table: KeyPath) -> None:
        for key in self._keys():
            table = self._record((*table, key))
        self.position += 1  # the equals sign
        self._value(table)

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            if self.text[self.position] in "\"'":
                keys.append(tomllib.loads(f"key = {self._take(_STRING)}")["key"])
            else:
                keys.append(self._take(_BARE_KEY))
            self._skip(_SPACE)
            if self.text[self.position] != ".":
                return keys
            self.position += 1

    def _value(self, path: KeyPath) -> None:
        self._skip(_SPACE)
        match self.text[self.position]:
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                self._take(_STRING)
            case _:
                self._take(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self.position += 1
        index = 0
        while self.text[self._skip(_BLANK)] != "]":
            if self.text[self.position] == ",":
                self.position += 1
                continue
            self._value(self._record((*path, index)))
            index += 1
        self.position += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.position += 1
        while self.text[self._skip(_BLANK)] != "}":
            if self.text[self.position] == ",":
                self.position += 1
                continue
            self._assignment(path)
        self.position += 1

    def _record(self, path: KeyPath) -> KeyPath:
        self.lines.setdefault(path, bisect_right(self.newlines, self.position) + 1)
        return path

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.position)
        if match is not None:
            self.position = match.end()
        return self.position

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.position)
        if match is None:
            raise ValueError(f"Not TOML at offset {self.position}: tomllib should have refused it.")
        self.position = match.end()
        return match[0]
