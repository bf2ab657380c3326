"""Names of groups: those of their apps, else their own words, always fit for ramet.toml."""

from __future__ import annotations

import re

import pytest

from ramet.system.keys import SERVICE_NAME
from ramet.tools.assess.grouping.candidates import Candidate
from ramet.tools.assess.grouping.naming import name_groups


def names(*groups: list[str], pin: str | None = None) -> list[str]:
    candidates = [Candidate(nodes=nodes, stability=1, cohesion=1) for nodes in groups]
    if pin:
        candidates[0] = Candidate(nodes=groups[0], stability=1, cohesion=1, pin=pin)
    apps = {node: node.partition(".")[0] for nodes in groups for node in nodes}
    return name_groups(candidates, apps)


def test_a_group_has_the_name_of_the_app_that_most_of_it_is_of() -> None:
    assert names(["orders.A", "orders.B", "core.C"], ["core.D", "core.E"]) == ["orders", "core"]


def test_a_group_of_two_apps_has_both_names() -> None:
    found = names(["basket.A", "basket.B", "voucher.C", "voucher.D", "x.E"], ["x.F", "x.G"])

    assert found == ["basket-voucher", "x"]


def test_the_second_half_of_a_large_app_is_named_by_its_words() -> None:
    first = ["base.Order", "base.OrderLine", "base.Invoice", "base.Payment"]
    second = ["base.Voucher", "base.VoucherRule", "base.Discount"]

    assert names(first, second) == ["base", "voucher"]


def test_a_prefix_of_all_apps_says_nothing() -> None:
    assert names(["acme_users.A"], ["acme_threads.B"]) == ["users", "threads"]


def test_a_pinned_group_keeps_its_name_and_no_other_gets_it() -> None:
    assert names(["orders.A"], ["people.B"], ["orders.C", "orders.D"], pin="orders") == [
        "orders",
        "people",
        "orders-2",
    ]


@pytest.mark.parametrize("app", ["My_App", "1st", "gateway", "pg_tables", "x" * 60, "été"])
def test_every_name_is_one_that_a_service_may_have(app: str) -> None:
    (name,) = names([f"{app}.A", f"{app}.B"])

    assert re.fullmatch(SERVICE_NAME, name)
    assert name != "gateway"
    assert not name.startswith("pg-")
