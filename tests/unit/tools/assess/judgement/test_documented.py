"""The page that explains the rules has the numbers of the code."""

from __future__ import annotations

import re
from pathlib import Path

from ramet.tools.assess.grouping import weights
from ramet.tools.assess.judgement.efforts import (
    EFFORTS,
    FURTHER_SERVICE,
    INHERITANCE,
    SHARED_TABLE,
)

PAGE = Path(__file__).parents[5] / "docs/explanation/how-an-assessment-judges.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text("utf-8").splitlines()
    if line.startswith("| ")
]


def test_every_way_of_cutting_is_there_with_its_price() -> None:
    told = {row[0]: (float(row[2]), float(row[3])) for row in ROWS if row[0] in EFFORTS}

    assert told == {how: price for how, price in EFFORTS.items() if how != "nothing to do"}


def test_what_is_paid_on_top_is_there_too() -> None:
    text = " ".join(PAGE.read_text("utf-8").split())

    assert f"each side beyond two costs {FURTHER_SERVICE:g} more" in text
    assert f"cut off its parent's table costs {INHERITANCE:g}," in text
    assert f"a many-to-many across groups {SHARED_TABLE:g} more" in text


def test_every_family_of_reasons_is_there_with_its_weights() -> None:
    scales = {"whole": 1, "half": 0.5, "a quarter": 0.25}
    told = {row[0]: (scales[row[1]], row[2]) for row in ROWS if row[0] in weights.FAMILIES}

    assert told.keys() == weights.FAMILIES.keys()
    for family, (scale, kinds) in weights.FAMILIES.items():
        assert told[family][0] == scale
        numbers = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", told[family][1])}
        assert numbers == set(kinds.values())
