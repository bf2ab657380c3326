"""What a file does is kept as operations in the order in which they are run, and nothing else."""

from __future__ import annotations

import ast
from typing import Any

import msgspec
import pytest

from ramet.tools.assess.source.visiting import Behaviour, visit
from ramet.tools.assess.source.visiting.operations import (
    ASSIGN,
    ATTRIBUTE,
    CALL,
    ELEMENT,
    END_COMPREHENSION,
    END_LATER,
    END_WITH,
    FOR,
    JOIN,
    LATER,
    RETURN,
    START_COMPREHENSION,
    UNPACK,
    WITH,
)


def operations(source: str) -> list[list[Any]]:
    return visit(ast.parse(source)).scopes[0].operations


def kinds(source: str) -> list[int]:
    return [operation[0] for operation in operations(source)]


def test_a_chain_of_names_is_one_operation():
    assert operations("a.b.c.d") == [[ATTRIBUTE, 1, "a", "b.c.d"]]


def test_a_chain_of_calls_refers_to_the_call_before():
    assert operations('A.objects.filter(b__c=1).first("x")') == [
        [CALL, 1, "A", "objects.filter", [], ["b__c", None, 1]],
        [CALL, 1, 0, "first", [["'", 1, "x"]], []],
    ]


def test_each_part_has_the_line_where_it_ends():
    source = 'A.filter(\n  x=1,\n  y="a",\n).order_by(\n  "b"\n)'
    assert operations(source) == [
        [CALL, 1, "A", "filter", [], ["x", None, 2, "y", ["'", 3, "a"], 3]],
        [CALL, 4, 0, "order_by", [["'", 5, "b"]], []],
    ]


@pytest.mark.parametrize(
    "source",
    ["1 + 2", '"""A text."""', "len('a b')", "pass", "None", "f'{1}'"],
)
def test_what_leads_to_no_model_leaves_nothing(source):
    assert not operations(source)


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [
        ("a__b", True),
        ("app.Model", True),
        ("SELECT 1 FROM a", True),
        ("A sentence for people", False),
        ("", False),
    ],
)
def test_texts_are_kept_that_may_name_something(text, is_kept):
    ((*_, operand),) = operations(f"x = {text!r}")
    assert operand == (["'", 1, text] if is_kept else None)


def test_what_runs_after_the_commit_is_marked():
    assert kinds("transaction.on_commit(lambda: a.b())") == [LATER, CALL, END_LATER, CALL]


def test_a_with_is_closed_where_it_ends():
    assert kinds("with a() as b, c():\n    b.d\n") == [
        CALL,
        WITH,
        CALL,
        WITH,
        ATTRIBUTE,
        END_WITH,
        END_WITH,
    ]


def test_names_of_a_comprehension_are_bound_before_its_element_and_end_with_it():
    assert kinds("[a.b for a in c.d]") == [
        START_COMPREHENSION,
        ATTRIBUTE,
        FOR,
        ATTRIBUTE,
        END_COMPREHENSION,
    ]


@pytest.mark.parametrize(
    ("source", "operation"),
    [
        ("a, (b, c) = d", [UNPACK, 1, ["a", ["b", "c"]], "d"]),
        ("a = b if c else d", [ASSIGN, 1, "a", ["|", "b", "d"]]),
        ("a = b or c", [ASSIGN, 1, "a", ["|", "b", "c"]]),
        ("a = [b, 1]", [ASSIGN, 1, "a", ["[", "b", None]]),
        ("a = {**b}", [ASSIGN, 1, "a", ["{", None, "b"]]),
        ("a = list(b)", [ASSIGN, 1, "a", "b"]),
        ("a = b[1:]", [ASSIGN, 1, "a", "b"]),
        ("a = ~b", [ASSIGN, 1, "a", "b"]),
        ("a = b % c", [ASSIGN, 1, "a", "b"]),
        ("a = 1", [ASSIGN, 1, "a", None]),
        ("self.a = b", [ASSIGN, 1, "self.a", "b"]),
        ("for a, b in enumerate(c):\n    pass", [FOR, 1, ["a", "b"], ["enumerate", "c"]]),
    ],
)
def test_what_a_name_is_bound_to_is_followed(source, operation):
    assert operations(source)[-1] == operation


@pytest.mark.parametrize(
    ("source", "operation"),
    [
        ("a[0]", [ELEMENT, 1, "a"]),
        ("a['b']", [ELEMENT, 1, "a", "b"]),
        ("a | b", [JOIN, 1, "a", "b"]),
        ("getattr(a, 'b')", [ATTRIBUTE, 1, "a", "b"]),
    ],
)
def test_parts_and_sums_are_values_of_their_own(source, operation):
    assert operations(source) == [operation]


def test_functions_and_classes_are_scopes_with_the_one_around():
    found = visit(
        ast.parse("class A:\n    def b(self, c: D | None = 1) -> E:\n        return self.f\n")
    )
    assert [(scope.name, scope.line, scope.parent) for scope in found.scopes] == [
        ("", 0, -1),
        ("A", 1, 0),
        ("A.b", 2, 1),
    ]
    method = found.scopes[2]
    assert method.parameters == ["self", None, "c", ["|", "D", None]]
    assert method.returns == "E"
    assert method.operations == [[ATTRIBUTE, 3, "self", "f"], [RETURN, 3, 0]]


def test_imports_say_how_they_are_made():
    source = """
import a.b
from . import c
if TYPE_CHECKING:
    from d import e
def f():
    import g
try:
    import h
except ImportError:
    pass
"""
    assert visit(ast.parse(source)).imports == [
        [2, "a.b", [], 0],
        [3, ".", ["c"], 0],
        [5, "d", ["e"], 1],
        [7, "g", [], 2],
        [9, "h", [], 4],
    ]


def test_a_migration_keeps_what_may_run_code_and_no_schema():
    source = """
class Migration(migrations.Migration):
    operations = [migrations.AddField("a", "b", models.TextField()), migrations.RunPython(f)]
"""
    (operation,) = visit(ast.parse(source)).scopes[1].operations
    assert operation[:4] == [CALL, 3, "migrations", "RunPython"]


def test_what_is_kept_comes_back_from_a_store():
    source = 'x = "\\ud800"\nf"\\ud800 from {y}"\n[a for b in c]\n'
    found = visit(ast.parse(source))
    kept = msgspec.msgpack.encode(found)
    assert msgspec.msgpack.decode(kept, type=Behaviour) == found
