"""One call in source: what is called, with what, and where."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ramet.tools.assess.linking.queries.site import Keyword, Site
from ramet.tools.assess.linking.queries.values import Text, Value

__all__ = ["Called", "text_of"]


def text_of(value: Value) -> str | None:
    """The text that a value is, where all of it is known."""
    return value.text if isinstance(value, Text) and "\0" not in value.text else None


class Called(msgspec.Struct, frozen=True):
    """A call of `dotted`, as it was imported. `site` writes down what it means."""

    site: Site
    dotted: str
    arguments: Sequence[Value]
    keywords: Sequence[Keyword]
    line: int

    @property
    def name(self) -> str:
        """The last part of what is called."""
        return self.dotted.rpartition(".")[2]

    def has(self, name: str) -> bool:
        """Whether a keyword argument is given."""
        return any(key == name for key, _, _ in self.keywords)

    def argument(self, at: int, name: str) -> Value:
        """The argument at a place, or with that name."""
        if at < len(self.arguments):
            return self.arguments[at]
        return next((value for key, value, _ in self.keywords if key == name), None)

    def text(self, at: int, name: str) -> str | None:
        """The same, where it is a text that is known."""
        return text_of(self.argument(at, name))

    def named(self) -> tuple[tuple[str, Value], ...]:
        """The keyword arguments."""
        return tuple((key, value) for key, value, _ in self.keywords if key is not None)
