"""Blockers, recommendations, the order of extraction, and the verdict."""

from __future__ import annotations

import msgspec
import pytest

from ramet.tools.assess.facts import Edge, Function, Scan
from ramet.tools.assess.findings import AppRole, Judgement, Report, assemble
from ramet.tools.assess.judgement.judging import judge
from ramet.tools.assess.judgement.verdict import Facts, decide
from tests.unit.tools.assess.grouping.graphs import noisy
from tests.unit.tools.assess.judgement.scans import clique, edge, scan_of, shop, transaction


def large(*across: Edge, size: int = 8, groups: str = "abcde") -> list[Edge]:
    """Groups of so many models in apps of their own."""
    inside = [
        each for app in groups for each in clique(app, *(f"M{number}" for number in range(size)))
    ]
    return [*inside, *across]


def labels(size: int = 8, groups: str = "abcde") -> list[str]:
    return [f"{app}.M{number}" for app in groups for number in range(size)]


def test_a_shared_transaction_blocks_all_that_it_writes() -> None:
    judged = judge(shop(atomics=[transaction("orders.D", "payments.G", "users.A")]), seeds=5)

    (blocker,) = judged.blockers
    assert blocker.kind == "shared transaction"
    assert blocker.groups == ["orders", "payments", "users"]
    assert blocker.effort == sum(cut.effort for cut in judged.cuts)
    assert (blocker.file, blocker.line) == ("orders/services.py", 30)


def test_a_transaction_within_one_group_blocks_nothing() -> None:
    assert judge(shop(atomics=[transaction("orders.D", "orders.E")]), seeds=5).blockers == []


def test_inheritance_across_a_boundary_blocks_and_forbids_to_recommend() -> None:
    judged = judge(shop(edges=[edge("mti_parent", "payments.G", "users.A", "a_ptr")]), seeds=5)

    assert [blocker.kind for blocker in judged.blockers] == ["inheritance"]
    recommended = {group.name: group.is_recommended for group in judged.grouping.groups}
    assert recommended == {"users": False, "orders": True, "payments": False}
    assert "Inheritance" in next(
        group.why for group in judged.grouping.groups if group.name == "users"
    )


def test_tables_of_two_groups_and_relations_to_anything_block() -> None:
    judged = judge(
        shop(
            edges=[
                edge("m2m", "orders.D", "users.B", "watchers"),
                edge("gfk", "payments.G", "*", "subject"),
                edge("generic_relation", "orders.D", "payments.G", "notes"),
            ]
        ),
        seeds=5,
    )

    found = {blocker.kind: blocker.groups for blocker in judged.blockers}
    assert found == {
        "shared table": ["orders", "users"],
        "generic relation": ["orders", "payments"],
    }


def test_relations_in_both_directions_are_a_cycle_to_be_broken_on_the_weaker_side() -> None:
    judged = judge(
        shop(
            edges=[
                edge("fk", "orders.D", "users.A", "customer"),
                edge("fk", "orders.E", "users.A", "author"),
                edge("fk", "users.B", "orders.F", "last_order", line=7),
            ]
        ),
        seeds=5,
    )

    (blocker,) = judged.blockers
    assert (blocker.kind, blocker.groups) == ("cycle", ["orders", "users"])
    assert (blocker.file, blocker.line) == ("users/models.py", 7)
    assert "users.B.last_order" in blocker.remedy


def test_pins_are_obeyed_named_and_shown() -> None:
    judged = judge(shop(), pins={"shop": ["users.A", "users.B", "orders"]}, seeds=5)

    pinned = [group for group in judged.grouping.groups if group.is_pinned]
    assert [group.name for group in pinned] == ["shop"]
    assert {"users.A", "users.B", "orders.D", "orders.E", "orders.F"} <= set(pinned[0].models)
    assert pinned[0].apps == ["orders", "users"]


def test_what_depends_on_nothing_goes_first_and_the_most_entangled_stays() -> None:
    judged = judge(
        scan_of(
            labels(),
            large(
                edge("fk", "a.M0", "b.M0"),
                edge("fk", "c.M0", "b.M1"),
                edge("lookup", "c.M0", "b.M1"),
                edge("fk", "d.M0", "b.M2"),
                edge("lookup", "d.M0", "b.M2"),
                edge("call", "d.M0", "b.M2"),
            ),
        ),
        seeds=5,
    )

    assert [step.group for step in judged.plan] == ["e", "a", "c", "d"]
    assert [step.cuts for step in judged.plan] == [0, 1, 2, 3]
    assert sum(step.effort for step in judged.plan) == sum(cut.effort for cut in judged.cuts)


def test_what_is_blocked_goes_after_what_is_not() -> None:
    judged = judge(
        scan_of(
            labels(),
            large(
                edge("gfk", "a.M0", "*"),
                edge("fk", "b.M0", "d.M0"),
                edge("fk", "c.M0", "d.M0"),
                edge("lookup", "c.M0", "d.M0"),
            ),
            packages=("auth.User",),
        ),
        seeds=5,
    )

    assert [step.group for step in judged.plan] == ["e", "b", "c", "a"]


def test_a_few_models_are_kept_together() -> None:
    verdict = judge(scan_of(["a.A", "a.B", "b.C"], clique("a", "A", "B")), seeds=5).verdict

    assert verdict.choice == "keep"
    assert verdict.sentence == "Keep the monolith: 3 models are too few to part."


def test_a_project_without_models_is_kept() -> None:
    judged = judge(scan_of([], []), seeds=5)

    assert judged.verdict.sentence == "Keep the monolith: there are no models to part."
    assert judged.grouping.groups == []
    assert judged.grouping.metrics.ned is None


def test_one_knot_is_kept_together() -> None:
    names = [f"M{number}" for number in range(12)]

    verdict = judge(scan_of([f"a.{name}" for name in names], clique("a", *names)), seeds=5).verdict

    assert verdict.sentence == "Keep the monolith: its models are one knot."


def test_a_small_system_gets_boundaries_and_no_services() -> None:
    verdict = judge(shop(), seeds=5).verdict

    assert verdict.choice == "draw boundaries"
    assert "in it: orders, payments and users." in verdict.sentence
    assert "small" in verdict.reasons[0]
    # They cost nothing, so that their price is no reason.
    assert verdict.reasons[1].startswith("No group has the 5 models")


def test_it_is_said_where_apps_go_that_go_with_no_group() -> None:
    asking = [edge("lookup", "storefront", label) for label in ("orders.D", "users.A")]

    judged = judge(shop(edges=asking), seeds=5)

    assert {role.app: role.role for role in judged.grouping.roles} == {
        "users": "home",
        "orders": "home",
        "payments": "home",
        "storefront": "front",
    }
    assert (
        "Without models, so in front of the groups, which 2 lines there ask: storefront."
        in judged.verdict.reasons
    )


def test_a_large_system_of_loose_parts_is_split() -> None:
    verdict = judge(scan_of(labels(), large(edge("fk", "a.M0", "b.M0"))), seeds=5).verdict

    assert verdict.choice == "split"
    assert "in the order of the plan" in verdict.sentence


def test_only_what_is_worth_its_price_is_split_off() -> None:
    dear = [
        edge("lookup", f"{one}.M{number}", f"{other}.M{number}")
        for one, other in (("a", "b"), ("b", "c"), ("c", "a"))
        for number in range(3)
    ]
    dear += [edge("call", one, other) for one, other in (("a.M0", "b.M0"), ("b.M0", "c.M0"))]
    dear += [edge("signal", one, other) for one, other in (("a.M0", "b.M0"), ("c.M0", "a.M0"))]
    dear += [edge("m2m", one, other) for one, other in (("a.M1", "b.M1"), ("b.M1", "c.M1"))]

    judged = judge(scan_of(labels(), large(*dear)), seeds=5)

    assert judged.verdict.choice == "split some"
    assert "Split off d and e" in judged.verdict.sentence


def test_an_unstable_group_is_never_recommended() -> None:
    blurred = noisy(120, seed=1, inside=0.35)
    links = [edge(kind, f"a.{one}", f"a.{other}") for one, other, kind in blurred.links]

    groups = judge(
        scan_of([f"a.{node}" for node in blurred.nodes], links), seeds=15
    ).grouping.groups

    unstable = [group for group in groups if group.stability < 0.8]
    assert unstable
    assert not any(group.is_recommended for group in unstable)
    assert all(group.why.startswith("Unstable") for group in unstable)


def test_without_clear_parts_nothing_is_split() -> None:
    judged = judge(scan_of(labels(), large()), seeds=5)
    facts = Facts(
        models=40,
        grouping=judged.grouping,
        modularity=0.7,
        cuts=judged.cuts,
        blockers=judged.blockers,
        plan=judged.plan,
    )
    blurred = msgspec.structs.replace(judged.grouping, agreement=0.4)

    assert decide(facts).choice == "split"
    assert decide(facts._replace(modularity=0.2)).choice == "draw boundaries"
    assert "modularity 0.20" in decide(facts._replace(modularity=0.2)).reasons[0]
    assert decide(facts._replace(grouping=blurred)).choice == "draw boundaries"
    assert "40% of the pairs" in decide(facts._replace(grouping=blurred)).reasons[0]


def test_where_everything_leans_on_one_hub_the_reason_is_said() -> None:
    everyone = [edge("fk", label, "a.M0", "owner") for label in labels() if label != "a.M0"]

    judged = judge(scan_of(labels(), large(*everyone)), seeds=5)

    (hub,) = judged.grouping.platform
    assert (hub.model, hub.degree, hub.group) == ("a.M0", 39, "a")
    assert any("a.M0: one knot" in reason for reason in judged.verdict.reasons)
    assert judged.verdict.choice == "draw boundaries"


def test_models_of_packages_that_several_groups_link_to_are_platform_too() -> None:
    judged = judge(
        shop(edges=[edge("fk", "orders.D", "auth.User"), edge("fk", "payments.G", "auth.User")]),
        seeds=5,
    )

    (hub,) = judged.grouping.platform
    assert (hub.model, hub.degree, hub.group) == ("auth.User", 2, "")


def test_contexts_of_the_measures_are_what_somebody_can_start() -> None:
    functions = [
        Function(
            name="orders.views.place",
            kind="view",
            app="orders",
            file="orders/views.py",
            line=1,
            reads=["orders.D"],
            writes=[],
            calls=["payments.services.pay"],
        ),
        Function(
            name="payments.services.pay",
            kind="function",
            app="payments",
            file="payments/services.py",
            line=1,
            reads=[],
            writes=["payments.G"],
        ),
    ]
    scan = msgspec.structs.replace(shop(), functions=functions)

    measured = judge(scan, seeds=5).grouping.metrics

    assert measured.bcp == 0  # one context for orders, the same one for payments, none for users
    assert measured.icp == 0
    assert measured.ned == 1


def test_a_report_has_all_of_both_and_reads_back_from_json() -> None:
    scan = shop(edges=[edge("fk", "orders.D", "users.A")])
    report = assemble(scan, judge(scan, seeds=5))

    again = msgspec.json.decode(msgspec.json.encode(report), type=Report)

    assert again == report
    assert [group.name for group in again.groups] == ["orders", "payments", "users"]


@pytest.mark.parametrize(
    "scan",
    [
        scan_of([], []),
        scan_of(["a.M1"], []),
        shop(),
        shop(edges=[edge("gfk", "payments.G", "*"), edge("m2m", "orders.D", "users.B")]),
        shop(
            edges=[edge("mti_parent", "payments.G", "users.A"), edge("fk", "orders.D", "auth.User")]
        ),
        shop(atomics=[transaction("orders.D", "payments.G", "users.A")]),
        scan_of(labels(), large(edge("fk", "b.M1", "a.M1"), edge("fk", "a.M2", "b.M2"))),
    ],
)
def test_a_judgement_is_kept_as_it_is(scan: Scan) -> None:
    """No tuple is read back as a list, and no 0 as 0.0."""
    judged = judge(scan, seeds=5)
    kept = msgspec.msgpack.encode(judged)
    again = msgspec.msgpack.decode(kept, type=Judgement)

    assert again == judged
    assert msgspec.msgpack.encode(again) == kept


def test_the_same_scan_gives_the_same_report() -> None:
    scan = shop(edges=[edge("fk", "orders.D", "users.A"), edge("call", "users", "orders.D")])
    turned = msgspec.structs.replace(scan, edges=scan.edges[::-1], models=scan.models[::-1])

    assert judge(scan) == judge(turned)


def test_apps_that_go_with_no_group_are_said_in_one_sentence_a_role() -> None:
    """However many plugins there are: what stands in the verdict is to be read."""
    judged = judge(scan_of(labels(), large(edge("fk", "b.M1", "a.M1", "to"))), seeds=5)
    (cut,) = judged.cuts
    roles = [AppRole(app=app, role="library", why="All use it.") for app in ("core", "tools")]
    roles += [AppRole(app=app, role="front", why="No models.") for app in ("pages", "mute", "desk")]
    cuts = [msgspec.structs.replace(cut, source_group=app) for app in ("pages", "pages", "desk")]
    facts = Facts(
        models=40,
        grouping=msgspec.structs.replace(judged.grouping, roles=roles),
        modularity=0.7,
        cuts=cuts,
        blockers=[],
        plan=judged.plan,
    )

    reasons = decide(facts).reasons
    assert [reason for reason in reasons if "Libraries" in reason] == [
        "Libraries, for each service to install: core and tools."
    ]
    assert [reason for reason in reasons if "in front" in reason] == [
        "Without models, so in front of the groups, which 3 lines there ask: pages and desk."
    ]
