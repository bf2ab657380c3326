"""The line of a key is found whatever TOML allows around it."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ramet.system.lines import locate

TEXT = '''\
# [not.a.table]
a = "x # no comment" # a comment
b.c = 1
"d e" = [ # opens
  "one", 'two',

  """three
  lines""", [4, {x = 5, y = "]"}],
]
[t]
when = 1979-05-27 07:32:00
text = """
[not.a.table]
\\""" still """
[[list]]
k = 1
[[list]]
[list.inner]
k = true
'''


def test_every_construct_of_toml_has_its_line() -> None:
    """Strings and comments that look like tables do not confuse it."""
    lines = locate(TEXT)
    assert tomllib.loads(TEXT)
    assert {path: lines[path] for path in lines if path[-1] != "a"} == {
        ("b",): 3,
        ("b", "c"): 3,
        ("d e",): 4,
        ("d e", 0): 5,
        ("d e", 1): 5,
        ("d e", 2): 7,
        ("d e", 3): 8,
        ("d e", 3, 0): 8,
        ("d e", 3, 1): 8,
        ("d e", 3, 1, "x"): 8,
        ("d e", 3, 1, "y"): 8,
        ("t",): 10,
        ("t", "when"): 11,
        ("t", "text"): 12,
        ("list",): 15,
        ("list", 0): 15,
        ("list", 0, "k"): 16,
        ("list", 1): 17,
        ("list", 1, "inner"): 18,
        ("list", 1, "inner", "k"): 19,
    }
    assert lines["a",] == 2


_KEYS = st.text("ab-_1", min_size=1, max_size=3)
_VALUES: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(
        ["1", "-2.5e3", "true", '"x"', '"\\"]"', "'[#'", '""', "1979-05-27 07:32:00Z", '"""a\n"""']
    ),
    lambda inner: st.lists(inner, max_size=3).map(
        lambda items: "[\n" + "".join(f"{item}, # ]\n" for item in items) + "]"
    ),
    max_leaves=6,
)


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            found += _paths(inner, (*path, key))
    return found


@given(st.dictionaries(_KEYS, _VALUES, max_size=4), st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_exactly_the_paths_that_tomllib_sees_have_a_line(
    head: dict[str, str], table: dict[str, str]
) -> None:
    """Nothing is missed, nothing invented."""
    head.pop("ab1", None)
    text = "".join(f"{key} = {value}\n" for key, value in head.items()) + "[ab1]\n"
    text += "".join(f"{key} = {value} # end\n" for key, value in table.items())
    assert set(locate(text)) == set(_paths(tomllib.loads(text)))
