"""What another file can see of a change, and that it sees none where nothing can be seen."""

from __future__ import annotations

import msgspec
import pytest

from ramet.tools.assess.linking.visible import ALL, ORDER, changes
from ramet.tools.assess.source.extract import Extract
from ramet.tools.assess.source.extracting import extract

MODULE = '''
from a import b


class Order(Base):
    total = Field()

    def pay(self):
        """Pay."""
        self.total = 1
        return self

    class Meta:
        ordering = ["total"]


def made():
    class Inner(Order):
        pass

    return Inner


NUMBER = 1
'''


def seen(after: str, before: str = MODULE) -> set[str]:
    """The facts that are others after a change of MODULE."""
    old, new = (
        msgspec.msgpack.decode(extract(each.encode()), type=Extract) for each in (before, after)
    )
    return changes(old, new) - {ALL}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from a", "\n\n# A comment above everything.\nfrom a"),
        ("self.total = 1", "self.total = 2\n        print(self)"),
        ('"""Pay."""', '"""Pay it."""'),
        ("self.total = 1", "if self:\n            return redirect('shop')"),
        ("self.total = 1", "if self:\n            return f'{self}'"),
        ("NUMBER = 1", "NUMBER = (\n    1\n)"),
    ],
)
def test_lines_and_the_inside_of_functions_are_seen_by_nobody(old: str, new: str) -> None:
    assert old in MODULE
    assert seen(MODULE.replace(old, new)) == set()


@pytest.mark.parametrize(
    ("old", "new", "facts"),
    [
        ("Base", "Other", {"Order"}),
        ("Field()", "Field(1)", {"Order.total", "Order.*"}),
        ("total = Field()", "sum = Field()", {"Order.total", "Order.sum", "Order.*"}),
        ("NUMBER = 1", "NUMBER = 2", {"NUMBER"}),
        ("NUMBER = 1", "NUMBER = True", {"NUMBER"}),
        ("NUMBER = 1", "NUMBER = 1\nNUMBER += 1", {"NUMBER"}),
        ("NUMBER = 1", "if A:\n    NUMBER = 1", {"NUMBER"}),
        ("import b", "import c", {"b", "c", "import"}),
        ("import b", "import *", {"b", "*", "import"}),
        ("pay(self)", "pay(self, how)", {"Order.pay", "Order.*"}),
        ("self.total = 1", "from c import d", {"Order.pay", "Order.pay.d", "Order.*"}),
        ("return self", "return None or self", {"Order.pay()"}),
        ("return self", "return self.made()", {"Order.pay()"}),
        ("return self", "made = self\n        return made.it", {"Order.pay()"}),
        ("        return self\n", "", {"Order.pay()"}),
        ('["total"]', "[]", {"Order.Meta.ordering", "Order.Meta.*", "Order.*"}),
        ("class Meta:", "class Meta(Other):", {"Order.Meta", "Order.*"}),
        ("Inner(Order)", "Inner(Other)", {"made", "made.Inner"}),
        ("NUMBER = 1", "NUMBER = 1\nregister(Order)", {"()"}),
        ("NUMBER = 1", "NUMBER = 1\n__all__ = ['a']", {"__all__"}),
    ],
)
def test_a_change_is_told_by_the_names_that_are_others(old: str, new: str, facts: set[str]) -> None:
    assert old in MODULE
    assert seen(MODULE.replace(old, new)) == facts
    assert seen(MODULE, before=MODULE.replace(old, new)) == facts


def test_the_order_of_what_stays_is_seen_by_those_who_take_the_last() -> None:
    one, two = "class A(B):\n    pass\n", "class C(B):\n    pass\n"
    assert seen(two + one, one + two) == {ORDER}
    assert seen(one + "x = 1\n" + two, one + two) == {"x"}
