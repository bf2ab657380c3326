"""Adding to a TOML file without touching what a person wrote there: order, comments, spaces.

It only ever adds: items to an array, tables at the end. What it made is read again and compared
with what was meant, so an unusual file is refused rather than harmed.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

from ramet.system.lines import locate

__all__ = ["CannotEdit", "array", "with_items", "with_table"]

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\''
    r"|#[^\n]*|\s+|[\[\],]|[^\s\[\],#\"']+",
    re.DOTALL,
)


class CannotEdit(Exception):
    """The file is written in a way that this editor does not know; its text says which key."""


def with_table(text: str, name: tuple[str, str], values: dict[str, list[str]], why: str) -> str:
    """The text with a new table `[one.two]` at its end, after a comment that says why."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [f"# {line}".rstrip() for line in why.splitlines()]
    lines += [f"[{name[0]}.{name[1]}]"]
    lines += [f"{key} = {array(items)}" for key, items in values.items()]
    before = text.rstrip() + end + end if text.strip() else ""
    made = before + end.join("\n".join(lines).split("\n")) + end
    wanted = _content(text)
    parent = wanted.setdefault(name[0], {})
    if not isinstance(parent, dict) or name[1] in parent:
        raise CannotEdit(".".join(name))
    parent[name[1]] = dict(values)
    return _checked(made, wanted, ".".join(name))


def with_items(text: str, path: tuple[str, str, str], items: Iterable[str]) -> str:
    """The text with strings added at the end of an array that is there."""
    new = list(items)
    wanted = _content(text)
    wanted[path[0]][path[1]][path[2]] += new
    for start in _arrays(text, path):
        made = _grown(text, start, new)
        try:
            return _checked(made, wanted, ".".join(path))
        except CannotEdit:
            continue
    raise CannotEdit(".".join(path))


def array(items: Iterable[str]) -> str:
    """A TOML array of strings: on one line where it is short, else an item a line."""
    # JSON's strings are TOML's, as far as labels and dotted names go.
    texts = [json.dumps(item, ensure_ascii=False) for item in items]
    line = f"[{', '.join(texts)}]"
    return line if len(line) <= 80 else "[\n" + "".join(f"    {text},\n" for text in texts) + "]"


def _arrays(text: str, path: tuple[str, str, str]) -> Iterator[int]:
    """Where the array may begin: on the line of its key, of which an inline table has several."""
    line = locate(text)[path]
    start = sum(len(each) for each in text.splitlines(keepends=True)[: line - 1])
    stop = text.find("\n", start)
    key = re.compile(rf"[\"']?{re.escape(path[2])}[\"']?\s*=\s*(?=\[)")
    for match in key.finditer(text, start, len(text) if stop < 0 else stop):
        yield match.end()


def _grown(text: str, start: int, items: list[str]) -> str:
    last, close, has_comma = _ends(text, start)
    texts = [json.dumps(item, ensure_ascii=False) for item in items]
    if "\n" not in text[start:close]:
        comma = "" if last == start + 1 else " " if has_comma else ", "
        return text[:last] + comma + ", ".join(texts) + text[close:]
    # One item a line, indented as the last one; a comment behind that one stays behind it.
    line = text.rfind("\n", start, close) + 1
    begin = text.rfind("\n", 0, last) + 1
    indent = re.match(r"[ \t]*", text[begin:])
    margin = indent[0] if indent and begin > start else "    "
    end = "\r\n" if "\r\n" in text else "\n"
    added = "".join(f"{margin}{each},{end}" for each in texts)
    if text[line:close].strip():  # the bracket stands behind an item
        line, added = close, end + added
    comma = "" if has_comma or last == start + 1 else ","
    return text[:last] + comma + text[last:line] + added + text[line:]


def _ends(text: str, start: int) -> tuple[int, int, bool]:
    """Behind the last item (or its comma), the closing bracket, and whether a comma stands last."""
    depth, last, has_comma = 0, start + 1, False
    for token in _TOKEN.finditer(text, start):
        word = token[0]
        if word == "]" and depth == 1:
            return last, token.start(), has_comma
        depth += {"[": 1, "]": -1}.get(word, 0)
        if not (word.isspace() or word.startswith("#")):
            last, has_comma = token.end(), word == ","
    raise CannotEdit("an array without an end")


def _content(text: str) -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads(text))


def _checked(text: str, wanted: dict[str, Any], what: str) -> str:
    try:
        is_right = tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:
        raise CannotEdit(what)
    return text
