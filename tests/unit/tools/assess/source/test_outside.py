"""What others can see of a file: its statements, with the inside of functions left out."""

from __future__ import annotations

import msgspec

from ramet.tools.assess.source.extract import (
    Assign,
    Call,
    ClassDef,
    Extract,
    FunctionDef,
    Import,
    Items,
    Name,
    Statement,
)
from ramet.tools.assess.source.extracting import extract

MODULE = '''
from a import b


class Order(Base):
    total = Field()

    def pay(self):
        """Pay."""
        self.total = 1
        return self


NUMBER = 1
'''


def read(source: str) -> Extract:
    """The extract of a source."""
    return msgspec.msgpack.decode(extract(source.encode()), type=Extract)


def only(source: str) -> Statement:
    """The one statement of a source."""
    [statement] = read(source).body
    return statement


def test_statements_are_kept_with_names_as_written_and_lines() -> None:
    first, order, number = read(MODULE).body
    assert first == Import("a", "b", "b", 2)
    assert isinstance(order, ClassDef)
    assert (order.name, order.bases, order.line, order.end_line) == (
        "Order",
        [Name("Base")],
        5,
        11,
    )
    total, pay = order.body
    assert total == Assign("total", Call(Name("Field"), [], {}, 6), 6)
    assert isinstance(pay, FunctionDef)
    assert (pay.name, pay.parameters, pay.returns) == ("Order.pay", ["self"], [Name("self")])
    assert number == Assign("NUMBER", 1, 14)


def test_conditions_are_flattened_and_marked() -> None:
    body = read(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from a import b\n"
        "try:\n    from c import d\nexcept ImportError:\n    d = None\n"
        "def f():\n    from e import g\n"
    ).body
    assert body[1] == Import("a", "b", "b", 3, is_typing=True, is_conditional=True)
    assert body[2] == Import("c", "d", "d", 5, is_conditional=True)
    assert body[3] == Assign("d", None, 7, is_conditional=True)
    assert isinstance(body[4], FunctionDef)
    assert body[4].body == [Import("e", "g", "g", 9, function="f")]


def test_all_is_known_where_it_is_a_plain_list() -> None:
    assert read("__all__ = ['a']\n__all__ += ['b']\n").exports == ["a", "b"]
    assert read("__all__ = ['a'] + other\n").exports is None


def test_unpacked_values_go_to_their_names() -> None:
    assert read("a, b = 1, 2\n").body == [Assign("a", 1, 1), Assign("b", 2, 1)]


def test_data_without_end_is_cut() -> None:
    statement = only(f"TABLE = [{'1, ' * 9_000}]\n")
    assert isinstance(statement, Assign)
    assert isinstance(statement.value, Items)
    assert len(statement.value.items) == 2_000


def test_a_sum_of_a_thousand_strings_and_half_a_surrogate_pair_end_nothing() -> None:
    extracted = read("x = " + " + ".join(["'a'"] * 3_000) + "\ny = '\\ud800'\nz = 1\n")
    assert extracted.problem is None
    assert extracted.body[-1] == Assign("z", 1, 3)
