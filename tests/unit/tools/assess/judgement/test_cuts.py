"""How each kind of edge is cut where it crosses groups, and what that costs."""

from __future__ import annotations

import msgspec
import pytest

from ramet.tools.assess.facts import Edge, EdgeKind, Function
from ramet.tools.assess.findings import Cut
from ramet.tools.assess.judgement.efforts import EFFORTS, INHERITANCE, SHARED_TABLE
from ramet.tools.assess.judgement.judging import judge
from tests.unit.tools.assess.judgement.scans import edge, shop


def cuts_of(*edges: Edge) -> list[Cut]:
    return judge(shop(edges=list(edges)), seeds=5).cuts


def test_what_stays_within_a_group_is_no_cut() -> None:
    assert cuts_of() == []


def test_a_key_that_nobody_reads_along_is_an_id() -> None:
    (cut,) = cuts_of(edge("fk", "orders.D", "users.A", "customer"))

    assert (cut.source_group, cut.target_group, cut.how) == ("orders", "users", "id alone")
    assert cut.effort == EFFORTS["id alone"].first


def test_a_key_whose_row_is_read_is_an_id_and_a_replica() -> None:
    key, lookup = cuts_of(
        edge("fk", "orders.D", "users.A", "customer"),
        edge("lookup", "orders.E", "users.A", "order__customer__name"),
    )

    assert key.how == lookup.how == "id and replica"
    assert (key.effort, lookup.effort) == EFFORTS["id and replica"]


def test_a_lookup_against_the_direction_of_the_key_is_a_query_for_many() -> None:
    cuts = cuts_of(
        edge("fk", "orders.D", "users.A", "customer"),
        edge("lookup", "users.A", "orders.D", "orders__total"),
    )

    assert {cut.edge.kind: cut.how for cut in cuts} == {"fk": "id alone", "lookup": "batch query"}


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("signal", "event"),
        ("task", "event"),
        ("call", "contract call"),
        ("admin", "contract call"),
        ("raw_sql", "batch query"),
        ("serializer", "batch query"),
        ("template", "template include"),
        ("import", "move code"),
        ("import_typing", "nothing to do"),
        ("permission", "id alone"),
    ],
)
def test_each_kind_has_its_way(kind: EdgeKind, how: str) -> None:
    (cut,) = cuts_of(edge(kind, "orders.D", "users.A"))

    assert cut.how == how
    assert cut.why


@pytest.mark.parametrize("kind", ["gfk", "atomic", "trace", "history"])
def test_what_is_no_line_of_code_is_no_cut(kind: EdgeKind) -> None:
    assert cuts_of(edge(kind, "orders.D", "users.A")) == []


def test_code_that_touches_no_model_is_moved() -> None:
    (cut,) = cuts_of(edge("call", "orders.D", "users"))

    assert (cut.how, cut.target_group) == ("move code", "users")


def test_the_means_are_paid_for_once() -> None:
    first, second, other = cuts_of(
        edge("call", "orders.D", "users.A", line=1),
        edge("call", "orders.E", "users.B", line=2),
        edge("call", "payments.G", "users.A", line=3),
    )

    assert first.effort == EFFORTS["contract call"].first
    assert second.effort == other.effort == EFFORTS["contract call"].further


def test_a_front_end_without_models_is_a_side_of_its_own() -> None:
    (cut,) = cuts_of(edge("lookup", "storefront", "orders.D"))

    assert (cut.source_group, cut.target_group, cut.how) == ("storefront", "orders", "batch query")


def test_the_users_of_django_are_somebodys_to_keep_and_other_packages_models_are_not() -> None:
    (cut,) = cuts_of(
        edge("fk", "orders.D", "auth.User", "customer"),
        edge("m2m", "orders.D", "auth.Group", "groups"),
        edge("lookup", "orders.D", "auth.User", "customer__email"),
    )

    assert (cut.edge.target, cut.target_group, cut.how) == ("auth.User", "platform", "id alone")


def test_inheritance_and_a_shared_table_have_prices_of_their_own() -> None:
    child, table = cuts_of(
        edge("mti_parent", "payments.G", "users.A", "a_ptr"),
        edge("m2m", "orders.D", "users.B", "watchers"),
    )[::-1]

    assert child.effort == INHERITANCE
    assert table.effort == EFFORTS["id alone"].first + SHARED_TABLE


def function(name: str, *, reads: list[str], writes: list[str]) -> Function:
    app = name.partition(".")[0]
    return Function(
        name=name,
        kind="function",
        app=app,
        file=f"{app}/views.py",
        line=5,
        reads=reads,
        writes=writes,
    )


def test_a_foreign_model_used_by_its_class_is_cut_at_the_function() -> None:
    scan = msgspec.structs.replace(
        shop(),
        functions=[function("orders.views.pay", reads=["orders.D", "users.A"], writes=["users.B"])],
    )

    cuts = judge(scan, seeds=5).cuts

    assert [(cut.edge.target, cut.how) for cut in cuts] == [
        ("users.A", "batch query"),
        ("users.B", "contract call"),
    ]
    assert {(cut.edge.file, cut.edge.line) for cut in cuts} == {("orders/views.py", 5)}


def test_a_use_that_an_edge_tells_of_is_not_told_twice() -> None:
    scan = msgspec.structs.replace(
        shop(edges=[edge("lookup", "orders.D", "users.A", line=7)]),
        functions=[function("orders.views.pay", reads=["users.A"], writes=[])],
    )

    assert [cut.edge.kind for cut in judge(scan, seeds=5).cuts] == ["lookup"]


def test_the_effort_of_a_group_is_that_of_its_cuts() -> None:
    judged = judge(
        shop(
            edges=[
                edge("fk", "orders.D", "users.A"),
                edge("call", "payments.G", "orders.D"),
            ]
        ),
        seeds=5,
    )

    efforts = {group.name: group.effort for group in judged.grouping.groups}
    assert efforts == {"users": 0.25, "orders": 1.25, "payments": 1.0}
