"""Every kind of edge can be switched on and off, and has a name."""

from typing import get_args

from ramet.tools.assess.facts import EdgeKind
from ramet.tools.assess.report.kinds import FAMILIES, WORDS


def test_every_kind_is_in_one_family_and_has_words() -> None:
    """A new kind that nobody can see would be lost."""
    placed = [kind for kinds in FAMILIES.values() for kind in kinds]
    assert sorted(placed) == sorted(get_args(EdgeKind))
    assert sorted(WORDS) == sorted(get_args(EdgeKind))
