"""From evidence to groups: consensus, stability, hubs, pins and the cache."""

from __future__ import annotations

from itertools import combinations

import msgspec
import pytest

from ramet.tools.assess.grouping import Candidates, Evidence, candidates, consensus, find_candidates
from ramet.tools.assess.grouping.consensus import ALIKE
from ramet.tools.assess.grouping.evidence import Link
from ramet.tools.assess.grouping.platform import find_hubs
from ramet.tools.assess.source.store import Store
from tests.unit.tools.assess.grouping.graphs import circles, noisy


def names(found: Candidates) -> list[list[str]]:
    return sorted(group.nodes for group in found.groups)


def group_with(found: Candidates, node: str) -> list[str]:
    return next(group.nodes for group in found.groups if node in group.nodes)


def test_clear_groups_are_found_by_all_runs() -> None:
    found = find_candidates(circles(5, 6, bridges=[("a0", "b0")]))

    assert [len(group.nodes) for group in found.groups] == [6, 5]
    assert [group.stability for group in found.groups] == [1, 1]
    assert found.agreement == 1


def test_blurred_groups_are_told_as_unstable() -> None:
    found = find_candidates(noisy(120, seed=1, inside=0.35))

    assert found.agreement < 0.97
    assert min(group.stability for group in found.groups) < 0.8


@pytest.mark.parametrize("inside", [0.6, 0.8])
def test_groups_hardly_depend_on_the_seed(inside: float) -> None:
    evidence = noisy(150, seed=3, inside=inside)

    first, second = (find_candidates(evidence, seed=seed).partition for seed in (0, 1))

    pairs = list(combinations(sorted(first), 2))
    same = sum(
        (first[one] == first[other]) == (second[one] == second[other]) for one, other in pairs
    )
    assert same >= 0.95 * len(pairs)


def test_no_more_runs_are_made_where_many_are_all_alike() -> None:
    assert find_candidates(circles(5, 6, bridges=[("a0", "b0")])).runs == ALIKE
    assert find_candidates(circles(5, 6), seeds=ALIKE - 1).runs == ALIKE - 1
    assert find_candidates(noisy(60, seed=1)).runs == 50


def test_groups_are_what_all_runs_would_have_found(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = with_hub()
    found = find_candidates(evidence)
    monkeypatch.setattr(consensus, "ALIKE", 0)
    every = find_candidates(evidence)

    assert (found.runs, every.runs) == (ALIKE, 50)
    assert found == msgspec.structs.replace(every, runs=ALIKE)


def test_of_two_partitions_that_are_as_good_every_seed_takes_the_same() -> None:
    ring: dict[Link, float] = {(f"n{one}", f"n{(one + 1) % 9}", "fk"): 1 for one in range(9)}
    evidence = Evidence(nodes=[f"n{number}" for number in range(9)], links=ring)

    found = [find_candidates(evidence, seed=seed).partition for seed in range(6)]

    assert all(partition == found[0] for partition in found)


def test_the_same_input_in_another_order_gives_the_same_groups() -> None:
    evidence = noisy(80, seed=5)
    turned = msgspec.structs.replace(
        evidence,
        nodes=list(reversed(evidence.nodes)),
        links=dict(reversed(list(evidence.links.items()))),
    )

    assert find_candidates(evidence) == find_candidates(turned)


def test_a_group_that_cannot_stand_alone_joins_the_one_it_leans_on() -> None:
    leaning = circles(6, 2, bridges=[("b0", "a0"), ("b1", "a1"), ("b0", "a2"), ("b1", "a3")])

    assert [len(group.nodes) for group in find_candidates(leaning).groups] == [8]


def with_hub(**apps: str) -> Evidence:
    """Four groups of six in apps of their own, all of which point at a user."""
    evidence = circles(6, 6, 6, 6)
    links: dict[Link, float] = dict(evidence.links)
    links |= {(node, "user", "fk"): 1 for node in evidence.nodes}
    links["profile", "user", "o2o"] = 1
    return Evidence(nodes=[*evidence.nodes, "user", "profile"], links=links, apps=apps)


def test_what_everything_points_at_is_platform_and_glues_nothing() -> None:
    found = find_candidates(with_hub())

    assert [hub.node for hub in found.hubs] == ["user"]
    assert found.hubs[0].dependants == 25
    assert len([group for group in found.groups if len(group.nodes) >= 6]) == 4


def test_the_centre_of_one_group_is_no_platform() -> None:
    links: dict[Link, float] = {(f"leaf{number}", "centre", "fk"): 1 for number in range(30)}
    others = circles(5, 5)
    evidence = Evidence(
        nodes=[*others.nodes, "centre", *(f"leaf{number}" for number in range(30))],
        links={**others.links, **links},
    )

    found = find_candidates(evidence)

    assert found.hubs == []
    assert len(group_with(found, "centre")) == 31


def test_a_platform_is_spread_in_the_runs_on_average() -> None:
    evidence = with_hub()
    together = dict.fromkeys(evidence.nodes, 0)
    apart = {node: number for number, node in enumerate(evidence.nodes)}

    assert [hub.node for hub in find_hubs(evidence, lambda: [apart, apart, together])] == ["user"]
    assert find_hubs(evidence, lambda: [apart, together, together]) == []


def test_a_small_system_has_no_platform() -> None:
    evidence = circles(3, 3, 3)
    links: dict[Link, float] = {(node, "user", "fk"): 1 for node in evidence.nodes}

    found = find_candidates(
        Evidence(nodes=[*evidence.nodes, "user"], links={**evidence.links, **links})
    )

    assert found.hubs == []


def test_a_hub_lives_with_its_own_app() -> None:
    letters = {f"{letter}{number}": letter for letter in "abcd" for number in range(6)}

    found = find_candidates(with_hub(**letters, user="accounts", profile="accounts"))

    assert group_with(found, "user") == ["profile", "user"]


def test_a_hub_goes_to_no_group_that_is_full() -> None:
    evidence = circles(20, 8, 8)
    links: dict[Link, float] = {(node, "hub", "fk"): 1 for node in evidence.nodes}

    found = find_candidates(
        Evidence(nodes=[*evidence.nodes, "hub"], links={**evidence.links, **links})
    )

    assert [hub.node for hub in found.hubs] == ["hub"]
    assert [len(group.nodes) for group in found.groups] == [20, 9, 8]


def test_pinned_models_and_apps_are_obeyed() -> None:
    evidence = msgspec.structs.replace(
        circles(5, 5), apps={f"{letter}{number}": letter for letter in "ab" for number in range(5)}
    )

    found = find_candidates(evidence, pins={"a0": "other", "a": "first", "b": "second"})

    assert {group.pin: group.nodes for group in found.groups} == {
        "first": ["a1", "a2", "a3", "a4"],
        "second": ["b0", "b1", "b2", "b3", "b4"],
        "other": ["a0"],
    }


def test_what_is_not_pinned_may_join_a_pinned_group() -> None:
    found = find_candidates(circles(5, 5), pins={"a0": "first"})

    assert [(group.pin, len(group.nodes)) for group in found.groups] == [("first", 5), (None, 5)]


def test_a_proxy_stays_with_its_model() -> None:
    evidence = msgspec.structs.replace(circles(5, 5), inseparable=[("a0", "b0")])

    assert "b0" in group_with(find_candidates(evidence), "a0")


def test_contexts_tie_only_what_they_saw_together_twice() -> None:
    nodes = ["a", "b", "c", "d"]
    contexts = {"buy": ["a", "b"], "sell": ["a", "b"], "list": ["c", "d"]}

    found = find_candidates(Evidence(nodes=nodes, links={}, contexts=contexts))

    assert names(found) == [["a", "b"], ["c"], ["d"]]


def test_a_kept_result_is_used_until_the_graph_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, evidence = Store(), circles(5, 5)
    made = find_candidates(evidence, kept=kept)
    with monkeypatch.context() as patched:
        patched.setattr(candidates, "find_consensus", None)

        assert find_candidates(evidence, kept=kept) == made
        with pytest.raises(TypeError):
            find_candidates(circles(5, 5, bridges=[("a0", "b0")]), kept=kept)


CHANGES: list[Evidence] = [
    msgspec.structs.replace(with_hub(), **{field: value})
    for field, value in (
        ("links", {**with_hub().links, ("a0", "b0", "o2o"): 9}),
        ("links", {**with_hub().links, ("a0", "a1", "fk"): 2}),
        ("contexts", {"f": ["a0", "b0"], "g": ["a0", "b0"]}),
        ("transactions", [["a0", "b0"]]),
        ("apps", {"a0": "c", "c0": "c"}),
        ("inseparable", [("a0", "d0")]),
        ("nodes", [node for node in with_hub().nodes if node != "b3"]),
    )
]


@pytest.mark.parametrize("changed", CHANGES)
@pytest.mark.parametrize("pins", [{}, {"a0": "first"}])
def test_after_a_change_of_any_kind_what_is_kept_is_not_to_be_seen(
    changed: Evidence, pins: dict[str, str]
) -> None:
    kept = Store()
    before = find_candidates(with_hub(), kept=kept)

    after = find_candidates(changed, pins=pins, seeds=5, kept=kept)

    assert after == find_candidates(changed, pins=pins, seeds=5) != before


def test_names_that_are_no_utf_8_are_grouped_and_not_kept() -> None:
    evidence = Evidence(nodes=["a", "\udcff"], links={("a", "\udcff", "fk"): 1})

    [group] = find_candidates(evidence, kept=Store()).groups

    assert group.nodes == ["a", "\udcff"]


def test_nothing_is_grouped_into_nothing() -> None:
    found = find_candidates(Evidence(nodes=[], links={}))

    assert (found.groups, found.hubs, found.agreement) == ([], [], 1)
