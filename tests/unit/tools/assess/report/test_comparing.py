"""Drift: what is otherwise than in an earlier report, and which way."""

import msgspec

from ramet.tools.assess.findings import Metrics, Report
from ramet.tools.assess.report.comparing import Change, compare
from tests.unit.tools.assess.report.made_up import made_up


def changed(report: Report, **values: object) -> Report:
    return msgspec.structs.replace(report, **values)


def test_the_same_report_has_no_drift() -> None:
    """Nor has one whose lines have moved."""
    report = made_up()
    moved = [
        changed(cut, edge=changed(cut.edge, line=cut.edge.line + 7))  # type: ignore[arg-type]
        for cut in report.cuts
    ]
    assert compare(report, report) == []
    assert compare(report, changed(report, cuts=moved)) == []


def test_a_new_cut_is_worse_and_has_its_place() -> None:
    """A gone one is better."""
    new = made_up()
    first, *others = new.cuts
    (change,) = compare(changed(new, cuts=others), new)
    assert (change.is_worse, change.file, change.line) == (True, first.edge.file, first.edge.line)
    assert change.what.startswith("New cut: ")
    assert [each.is_worse for each in compare(new, changed(new, cuts=others))] == [False]


def test_a_second_cut_of_the_same_kind_is_new_as_well() -> None:
    """They are counted: a lookup may stand in several places."""
    report = made_up()
    twice = [*report.cuts, report.cuts[0]]
    assert len(compare(report, changed(report, cuts=twice))) == 1


def test_figures_know_which_way_is_worse() -> None:
    """SM is the one of which more is better."""
    old = changed(made_up(), metrics=Metrics(bcp=1.0, icp=0.2, sm=0.2, ifn=None, ned=0.3))
    new = changed(old, metrics=Metrics(bcp=1.1, icp=0.1, sm=0.1, ifn=4.0, ned=0.3))
    assert [(c.what[:3].strip(), c.is_worse) for c in compare(old, new)] == [
        ("BCP", True),
        ("ICP", False),
        ("SM", True),
    ]


def test_a_candidate_that_is_called_otherwise_is_one_change() -> None:
    """It is known by its models."""
    old = made_up()
    first, *others = old.groups
    new = changed(old, groups=[changed(first, name="sales"), *others])  # type: ignore[arg-type]
    assert compare(old, new) == [Change(f"sales was called {first.name}.")]


def test_models_that_move_between_candidates_are_named() -> None:
    """From where, and to where."""
    old = made_up()
    first, second = old.groups
    moved = first.models[0]
    groups = [
        changed(first, models=first.models[1:]),  # type: ignore[arg-type]
        changed(second, models=[*second.models, moved]),  # type: ignore[arg-type]
    ]
    assert [each.what for each in compare(old, changed(old, groups=groups))] == [
        f"{first.name} has {moved} no longer.",
        f"{second.name} has {moved} now.",
    ]


def test_blockers_verdict_and_models_are_compared() -> None:
    """Each with the way that it goes, where it goes one."""
    new = made_up()
    verdict = changed(new.verdict, choice="keep")  # type: ignore[arg-type]
    old = changed(new, verdict=verdict, blockers=new.blockers[1:], models=new.models[1:])
    found = compare(old, new)
    assert [each.is_worse for each in found] == [None, True, None]
    assert found[0].what == (
        "The verdict was “Keep the monolith”, and is “Keep the monolith, draw these boundaries”."
    )


def test_figures_that_look_the_same_are_no_change() -> None:
    old = changed(made_up(), metrics=Metrics(bcp=0.6665001, icp=0.2, sm=0.2, ifn=None, ned=0.3))
    new = changed(old, metrics=Metrics(bcp=0.6674, icp=0.2, sm=0.2, ifn=None, ned=0.3))
    assert compare(old, new) == []
