"""The same grouping, in the same setting, on two Java programs that others have parted."""

from __future__ import annotations

from collections import defaultdict

import pytest

from ramet.tools.assess.grouping import Evidence, find_candidates
from ramet.tools.assess.judgement import metrics
from tests.assess.published import MEASURES, Program, program


def evidence(given: Program) -> Evidence:
    """Calls with their volume, and who was seen in which business context."""
    contexts: defaultdict[str, list[str]] = defaultdict(list)
    for each in given.classes:
        for context in given.contexts.get(each, ()):
            contexts[context].append(each)
    classes = set(given.classes)
    return Evidence(
        nodes=given.classes,
        links={
            (caller, callee, "call"): volume
            for (caller, callee), volume in given.calls.items()
            if {caller, callee} <= classes and caller != callee
        },
        contexts=contexts,
    )


@pytest.mark.parametrize("name", ["daytrader", "acmeair"])
@pytest.mark.parametrize("seed", range(4))
def test_it_is_at_least_as_good_as_mono2micro_on_four_of_five_measures(
    name: str, seed: int
) -> None:
    given = program(name)

    found = find_candidates(evidence(given), seed=seed)

    partition = {each: str(group) for each, group in found.partition.items()}
    assert sorted(partition) == given.classes
    ours = metrics.measure(partition, given.calls, given.contexts)
    as_good = {
        measure
        for measure in MEASURES
        if (mine := getattr(ours, measure)) == (theirs := given.medians[measure])
        or (mine > theirs) == (measure == "sm")
    }
    assert len(as_good) >= 4, (as_good, ours, given.medians)
    if name == "daytrader":
        assert {hub.node for hub in found.hubs} == {"TradeConfig", "Log"}
