"""The little of YAML that Prometheus's and Grafana's files need, laid out for people."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

__all__ = ["Value", "dump"]

Value = str | int | bool | Mapping[str, "Value"] | Sequence["Value"]

_WIDTH = 100
# What no reader of YAML takes for anything else than this text.
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./ -]*(?<! )")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def dump(value: Mapping[str, Value], comment: str = "") -> str:
    """The document, with a comment before it."""
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    return "\n".join([*lines, *_mapping(value, ""), ""])


def _mapping(value: Mapping[str, Value], indent: str) -> list[str]:
    lines = []
    for key, each in value.items():
        lines += _entry(f"{indent}{key}:", each, indent)
    return lines


def _entry(head: str, value: Value, indent: str) -> list[str]:
    inner = indent + "  "
    if isinstance(value, Mapping):
        return [head, *_mapping(value, inner)] if value else [f"{head} {{}}"]
    if isinstance(value, str):
        if "\n" in value or len(value) > _WIDTH:
            return _folded(head, value, inner)
        return [f"{head} {_scalar(value)}"]
    if isinstance(value, bool | int):
        return [f"{head} {json.dumps(value)}"]
    return (
        [head, *(line for each in value for line in _item(each, inner))]
        if value
        else [f"{head} []"]
    )


def _item(value: Value, indent: str) -> list[str]:
    if not isinstance(value, Mapping):
        return _entry(f"{indent}-", value, indent)
    first, *rest = _mapping(value, indent + "  ")
    return [f"{indent}- {first.lstrip()}", *rest]


def _folded(head: str, text: str, indent: str) -> list[str]:
    """Lines of readable length, which the reader joins by spaces; ends of lines stay as empty
    ones."""
    lines = [f"{head} >-"]
    for number, paragraph in enumerate(text.split("\n")):
        if number:
            lines.append("")
        line = ""
        for word in paragraph.split(" "):
            if line and len(indent) + len(line) + 1 + len(word) > _WIDTH:
                lines.append(indent + line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(indent + line)
    return lines


def _scalar(text: str) -> str:
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if is_plain else json.dumps(text, ensure_ascii=False)
