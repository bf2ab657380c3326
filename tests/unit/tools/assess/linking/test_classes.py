"""The method resolution order is Python's own, and what Python refuses does not end it."""

from __future__ import annotations

import random

import pytest

from ramet.tools.assess.linking.classes import Class, Classes
from ramet.tools.assess.linking.values import Values
from tests.unit.tools.assess.linking.modules import names_of


def class_of(source: str, name: str) -> Class:
    """A class of a module `m` with a source."""
    names = names_of({"m.py": source})
    symbol = names.locate(f"m.{name}")
    assert symbol is not None
    found = Classes(Values(names, {})).of_symbol(symbol)
    assert found is not None
    return found


def order(cls: Class) -> list[str]:
    """The names in a class's order."""
    return [each.name for each in cls.mro]


@pytest.mark.parametrize("seed", range(30))
def test_the_order_is_python_s_for_any_hierarchy(seed: int) -> None:
    chance = random.Random(seed)
    lines: list[str] = []
    scope: dict[str, type] = {}
    for number in range(12):
        bases = chance.sample(sorted(scope), min(len(scope), chance.randint(0, 3)))
        line = f"class C{number}({', '.join(bases)}): pass"
        try:
            exec(line, scope)
        except TypeError:  # Python refuses this order of bases
            continue
        finally:
            scope.pop("__builtins__", None)
        lines.append(line)
    for name in scope:
        wanted = [each.__name__ for each in scope[name].__mro__ if each is not object]
        assert order(class_of("\n".join(lines), name)) == wanted


def test_bases_that_python_refuses_are_taken_depth_first() -> None:
    source = "class X: pass\nclass Y(X): pass\nclass Z(X, Y): pass\n"
    assert order(class_of(source, "Z")) == ["Z", "X", "Y"]


@pytest.mark.parametrize(
    ("bases", "wanted"),
    [
        ("Generic[T]", ["C", "Generic"]),
        ("Base[int]", ["C", "Base"]),
        ("six.with_metaclass(Meta, Base)", ["C", "Base"]),
        ("make(Base)", ["C", "", "Base"]),
        ("inner(Base)", ["C", "Inner", "Base"]),
        ("Alias", ["C", "Base"]),
        ("Base if x else Other", ["C", "Base"]),
        ("outer.External", ["C", "External"]),
        ("object", ["C"]),
        ("C", ["C"]),
    ],
)
def test_a_base_is_found_however_it_is_written(bases: str, wanted: list[str]) -> None:
    source = (
        "import outer, six\nfrom typing import Generic\n"
        "class Base: pass\nclass Other: pass\nAlias = Base\n"
        "def make(base):\n    return type(name(), (base,), {})\n"
        "def inner(base):\n    class Inner(base):\n        pass\n    return Inner\n"
        f"class C({bases}): pass\n"
    )
    assert order(class_of(source, "C")) == wanted


def test_classes_that_inherit_from_each_other_end() -> None:
    source = "class A(B): pass\nclass B(A): pass\n"
    assert order(class_of(source, "A"))[0] == "A"


def test_an_attribute_is_that_of_the_first_class_that_binds_it() -> None:
    source = (
        "class A:\n    x = 1\n    y = 1\nclass B(A):\n    x = 2\n"
        "class D(A):\n    y = 3\nclass E(B, D): pass\n"
    )
    cls = class_of(source, "E")
    owners = {}
    for name in "xyz":
        found = cls.attribute(name)
        owners[name] = found[0].name if found is not None else None
    assert owners == {"x": "B", "y": "D", "z": None}
