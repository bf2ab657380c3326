"""The score is right, whatever the scan: on the small project, with mistakes put in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from ramet.tools.assess.facts import Edge, Scan
from ramet.tools.assess.scanning import scan
from tests.assess.small_project import SMALL
from tests.assess.truth.environments import PROBE
from tests.assess.truth.scoring import Score, score


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("truth") / "truth.json"
    command = [sys.executable, str(PROBE), "--out", str(out), "--manage", str(SMALL / "manage.py")]
    env = {name: its for name, its in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(command, cwd=SMALL, env=env, check=True, timeout=60)
    return json.loads(out.read_text())


@pytest.fixture(scope="module")
def found() -> Scan:
    return scan(SMALL)


def changed(found: Scan, *edges: Edge, without: str = "") -> Scan:
    kept = [each for each in found.edges if f"{each.source}.{each.field}" != without]
    return msgspec.structs.replace(found, edges=[*kept, *edges])


def made(found: Scan, truth: Any, **options: bool) -> Score:
    return score(found, truth, SMALL, **options)


def edge(source: str, target: str, field: str, kind: str = "fk") -> Edge:
    return Edge(kind=kind, source=source, target=target, field=field, file="x.py", line=1)  # type: ignore[arg-type]


def test_the_scan_of_the_small_project_has_all_that_django_has(found: Scan, truth: Any) -> None:
    got = made(found, truth)
    assert (got.recall, got.precision) == (1.0, 1.0)
    assert got.wanted == {"fk": 2, "m2m": 1, "mti_parent": 1, "proxy": 1}
    assert (got.models_found, got.models_wanted) == (4, 4)
    assert (got.placed, got.misplaced) == (2, [])
    assert [each.reason for each in got.misses] == []


def test_a_relation_that_is_not_there_is_missed_at_its_place(found: Scan, truth: Any) -> None:
    got = made(changed(found, without="sales.Order.product"), truth)
    (miss,) = got.misses
    assert (miss.place, miss.reason) == ("sales/models.py:6", "its field was not found")
    assert got.recall == pytest.approx(4 / 5)
    assert got.precision == 1.0


def test_a_relation_at_another_line_is_misplaced(found: Scan, truth: Any) -> None:
    moved = edge("sales.Order", "goods.Product", "product")
    got = made(changed(found, moved, without="sales.Order.product"), truth)
    assert got.misplaced == ["fk sales.Order.product: scan says x.py:1, Django sales/models.py:6"]
    assert got.recall == 1.0


def test_another_target_is_both_missed_and_invented(found: Scan, truth: Any) -> None:
    wrong = edge("sales.Order", "goods.Book", "product")
    got = made(changed(found, wrong, without="sales.Order.product"), truth)
    assert [each.reason for each in got.misses] == ["found with another target: goods.Book"]
    assert [each.reason for each in got.inventions] == [
        "Django has it with another target: goods.Product"
    ]
    assert got.precision == pytest.approx(4 / 5)


def test_a_relation_that_django_has_not_is_invented(found: Scan, truth: Any) -> None:
    got = made(changed(found, edge("sales.Order", "goods.Book", "ghost")), truth)
    assert [each.reason for each in got.inventions] == ["Django has no such relation"]


def test_a_model_that_no_line_makes_is_missed_for_that(found: Scan, truth: Any) -> None:
    ghost = {**truth["models"][-1], "label": "sales.Ghost", "app": "sales", "line": 0}
    ghost |= {"file": str(SMALL / "sales/models.py"), "is_auto": False, "is_swapped": False}
    got = made(found, {**truth, "models": [*truth["models"], ghost]})
    assert [(each.kind, each.reason) for each in got.misses] == [
        ("model", "made while the project runs")
    ]


def test_only_of_a_library_an_app_that_is_not_installed_is_set_aside(
    found: Scan, truth: Any
) -> None:
    draft = msgspec.structs.replace(found.models[0], label="drafts.Draft", is_own=True)
    scanned = msgspec.structs.replace(found, models=[*found.models, draft])
    scanned = changed(scanned, edge("drafts.Draft", "sales.Order", "order"))
    assert (made(scanned, truth, is_library=True).aside, made(scanned, truth).aside) == (1, 0)
    assert made(scanned, truth, is_library=True).inventions == []
    assert {each.reason for each in made(scanned, truth).inventions} == {
        "its app is not installed",
        "Django has no such model",
    }


def test_what_django_makes_by_itself_may_be_there_or_not(found: Scan, truth: Any) -> None:
    auto = edge("goods.Book_fans", "goods.Book", "book")
    through = msgspec.structs.replace(found.models[0], label="goods.Book_fans", is_own=True)
    scanned = msgspec.structs.replace(found, models=[*found.models, through])
    assert made(changed(scanned, auto), truth).inventions == []
