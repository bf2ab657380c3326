"""The ratchet: what crosses a boundary may get less, and never more."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ramet.errors import DiagnosticError
from ramet.system import System, load
from ramet.tools.assess.boundaries.ratchet import Baseline, crossings, growths, read_baseline, slack
from ramet.tools.assess.facts import Edge
from ramet.tools.assess.findings import Report


@pytest.fixture
def system(report: Report, folder: Path, declare: Callable[[str], Path]) -> System:
    """A service for each candidate."""
    packages = {app.label: app.package for app in report.apps}
    return load(
        declare(
            "\n".join(
                f"[services.{group.name}]\napps = {[packages[app] for app in group.apps]}\n"
                for group in report.groups
            )
        )
    )


@pytest.fixture
def edge(report: Report) -> Edge:
    """A foreign key from one candidate to the other."""
    one, other = report.groups
    return Edge(
        kind="fk",
        source=one.models[0],
        target=other.models[0],
        field="new",
        file="made/a.py",
        line=7,
    )


def test_what_is_in_the_baseline_is_no_growth(report: Report, system: System) -> None:
    """Nor is it slack."""
    now = crossings(report, system)
    assert sum(map(len, now.values())) > 5
    assert (growths(report, system, now), slack(crossings(report, system), now)) == ([], 0)


def test_a_new_crossing_is_one_with_its_place(report: Report, system: System, edge: Edge) -> None:
    """And names the boundary in its direction."""
    held = crossings(report, system)
    (growth,) = growths(_with(report, edge), system, held)
    one, other = report.groups
    assert growth.boundary == f"{one.name} -> {other.name}"
    assert (growth.edge, growth.allowed, growth.found) == (edge, 0, 1)


def test_one_more_of_the_same_is_growth_and_a_moved_line_is_none(
    report: Report, system: System, edge: Edge
) -> None:
    """They are counted, and have no lines."""
    held = crossings(_with(report, edge), system)
    moved = msgspec.structs.replace(edge, line=99, file="made/b.py")
    assert growths(_with(report, moved), system, held) == []
    (growth,) = growths(_with(report, edge, moved), system, held)
    assert (growth.allowed, growth.found) == (1, 2)


def test_what_is_gone_is_slack(report: Report, system: System, edge: Edge) -> None:
    """The baseline could be tightened."""
    held = crossings(_with(report, edge), system)
    assert growths(report, system, held) == []
    assert slack(crossings(report, system), held) == 1


@pytest.mark.parametrize("kind", ["import", "import_chain", "history", "trace"])
def test_imports_and_evidence_are_not_held(
    report: Report, system: System, edge: Edge, kind: str
) -> None:
    """Imports are findings anyhow, and evidence depends on what was run."""
    other = msgspec.structs.replace(edge, kind=kind)
    assert growths(_with(report, other), system, crossings(report, system)) == []


def test_what_a_service_offers_may_be_called(report: Report, system: System, edge: Edge) -> None:
    """A contract or an event is no crossing; another module of the same app is one."""
    package = next(app.package for app in report.apps if edge.target.startswith(app.label + "."))
    call = msgspec.structs.replace(edge, kind="call", field=f"{package}.contract.is_known")
    held = crossings(report, system)
    assert growths(_with(report, call), system, held) == []
    inner = msgspec.structs.replace(call, field=f"{package}.services.is_known")
    assert len(growths(_with(report, inner), system, held)) == 1


def test_the_baseline_is_read_back_and_reviewed_line_by_line(tmp_path: Path) -> None:
    """Sorted, whatever the order in which things were found."""
    one = Baseline(boundaries={"b -> a": {"fk b.B.x a.A": 2}, "a -> b": {"fk a.A.y b.B": 1}})
    path = tmp_path / "ramet.assess.json"
    path.write_bytes(one.as_json())
    assert read_baseline(path) == one
    assert path.read_text().splitlines()[2:5] == [
        '    "a -> b": {',
        '      "fk a.A.y b.B": 1',
        "    },",
    ]


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2, "boundaries": {}}', "\xff"])
def test_what_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    """With what makes one."""
    path = tmp_path / "ramet.assess.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DiagnosticError, match="--baseline"):
        read_baseline(path)


def _with(report: Report, *edges: Edge) -> Report:
    return msgspec.structs.replace(report, edges=[*report.edges, *edges])
