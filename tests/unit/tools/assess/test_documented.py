"""The reference has every kind of what could not be seen, and none that is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from ramet.tools.assess.facts import GapKind

SECTION = re.compile(r"^## What could not be seen$(.*?)^## ", re.MULTILINE | re.DOTALL)
PAGE = Path(__file__).parents[4] / "docs/reference/assess.md"


def test_every_kind_of_gap_is_in_the_reference() -> None:
    section = SECTION.search(PAGE.read_text("utf-8"))
    assert section is not None
    _, _, table = section[1].partition("| kind | what was met |")
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    told = [kind for cell in cells for kind in re.findall("`([a-z-]+)`", cell)]
    assert sorted(told) == sorted(get_args(GapKind))
