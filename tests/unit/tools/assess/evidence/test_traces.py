"""Recorded transactions become edges, and what they do not tell becomes a gap."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ramet.errors import DiagnosticError
from ramet.tools.assess.evidence.traces import with_traces
from ramet.tools.assess.facts import Edge, Scan
from tests.assess.small_project import small_scan


def line(**said: Any) -> dict[str, Any]:
    return {
        "test": "sales/tests.py::test",
        "request": None,
        "view": None,
        "is_atomic": True,
        "is_committed": True,
        "reads": [],
        "writes": [],
        "file": "sales/services.py",
        "line": 9,
        "is_direct": True,
        "times": 1,
        **said,
    }


def traced(tmp_path: Path, *lines: dict[str, Any]) -> Scan:
    file = tmp_path / "trace.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in lines))
    return with_traces(small_scan(), [file])


def edges(scan: Scan) -> list[Edge]:
    return [each for each in scan.edges if each.kind == "trace"]


def test_models_written_in_one_transaction_are_an_edge_with_its_place(tmp_path: Path) -> None:
    made = traced(tmp_path, line(writes=["sales.Order", "goods.Product"], times=2))
    (edge,) = edges(made)
    assert (edge.source, edge.target, edge.field) == (
        "goods.Product",
        "sales.Order",
        "written together",
    )
    assert (edge.file, edge.line) == ("sales/services.py", 9)
    assert edge.note == "2 transactions, as in sales/tests.py::test"


def test_what_is_written_depends_on_what_is_read_with_it(tmp_path: Path) -> None:
    made = traced(tmp_path, line(writes=["sales.Order"], reads=["goods.Product", "sales.Order"]))
    (edge,) = edges(made)
    assert (edge.source, edge.target, edge.field) == (
        "sales.Order",
        "goods.Product",
        "read where it is written",
    )


def test_models_that_are_only_read_together_are_no_edge(tmp_path: Path) -> None:
    assert edges(traced(tmp_path, line(reads=["sales.Order", "goods.Product"]))) == []


def test_statements_outside_of_a_transaction_are_no_edge(tmp_path: Path) -> None:
    both = ["goods.Product", "sales.Order"]
    assert edges(traced(tmp_path, line(writes=both, is_atomic=False))) == []


def test_a_transaction_that_a_test_opens_itself_says_nothing_of_the_project(tmp_path: Path) -> None:
    both = ["goods.Product", "sales.Order"]
    assert edges(traced(tmp_path, line(writes=both, file="sales/tests.py"))) == []
    assert edges(traced(tmp_path, line(writes=both, file="tests/sales/test_it.py"))) == []
    assert edges(traced(tmp_path, line(writes=both, file="sales/tests.py", is_direct=False)))
    assert edges(traced(tmp_path, line(writes=both, file="sales/latest.py")))


def test_the_same_pair_at_the_same_place_is_counted_once(tmp_path: Path) -> None:
    both = ["goods.Product", "sales.Order"]
    made = traced(tmp_path, line(writes=both), line(writes=both, request="POST /sales/", times=3))
    (edge,) = edges(made)
    assert edge.note == "4 transactions, as in POST /sales/"


def test_a_pair_at_several_places_is_told_at_its_busiest(tmp_path: Path) -> None:
    both = ["goods.Product", "sales.Order"]
    made = traced(tmp_path, line(writes=both), line(writes=both, file="sales/views.py", times=2))
    (edge,) = edges(made)
    assert (edge.file, edge.line) == ("sales/views.py", 9)
    assert edge.note == "3 transactions at 2 places, as in sales/tests.py::test"


def test_models_that_no_recorded_test_touches_are_a_gap(tmp_path: Path) -> None:
    made = traced(tmp_path, line(writes=["sales.Order", "goods.Product"]))
    (gap,) = (each for each in made.gaps if each.kind == "models-without-trace")
    assert gap.found == ("2 of 4 models are in no recorded transaction: drafts.Draft, goods.Book")


def test_a_recording_of_another_project_is_a_gap(tmp_path: Path) -> None:
    made = traced(tmp_path, line(writes=["blog.Post", "blog.Tag"]))
    assert edges(made) == []
    assert [each.kind for each in made.gaps] == ["trace-tells-nothing"]


def test_files_that_are_no_recording_are_told_together(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text(json.dumps(line()) + "\nnot json\n")
    with pytest.raises(DiagnosticError) as caught:
        with_traces(small_scan(), [broken, tmp_path / "missing.jsonl"])
    assert [each.where for each in caught.value.mistakes] == ["broken.jsonl:2", "missing.jsonl"]
    assert {each.reference for each in caught.value.mistakes} == {"trace-unreadable"}
