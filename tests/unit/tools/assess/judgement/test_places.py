"""On which side models and apps stand."""

from __future__ import annotations

from ramet.tools.assess.facts import Edge
from ramet.tools.assess.judgement.places import PLATFORM, Places
from tests.unit.tools.assess.judgement.scans import edge, scan_of

SCAN = scan_of(
    ["a.A", "a.B", "a.C", "b.D", "b.E"], [], apps=["a", "b", "front"], packages=("auth.User",)
)
PLACES = Places(SCAN, {"a.A": "one", "a.B": "one", "a.C": "two", "b.D": "one", "b.E": "two"})


def test_a_model_stands_where_its_group_is() -> None:
    assert (PLACES.side("a.A"), PLACES.side("a.C")) == ("one", "two")


def test_code_of_an_app_stands_where_two_thirds_of_its_models_do() -> None:
    assert PLACES.side("a") == "one"


def test_of_an_app_that_is_itself_parted_nobody_knows() -> None:
    assert PLACES.side("b") is None


def test_an_app_without_models_stands_for_itself() -> None:
    assert PLACES.side("front") == "front"


def test_models_of_packages_are_platform_even_where_no_scan_saw_them() -> None:
    assert PLACES.side("auth.User") == PLACES.side("taggit.Tag") == PLATFORM


def test_any_model_is_nowhere_and_so_is_an_unknown_app() -> None:
    assert PLACES.side("*") is None
    assert PLACES.side("nothing") is None


def test_code_that_most_apps_use_is_a_library_whoever_keeps_its_one_model() -> None:
    labels = ["core.Note", *(f"{app}.{name}" for app in "abc" for name in "XY")]
    scan = scan_of(labels, [edge("import", app, "core") for app in "abc"])

    places = Places(scan, {label: label[0] for label in labels})

    assert places.is_library("core")
    assert not places.is_library("a")
    assert {role.app: role.role for role in places.roles} == {
        "a": "home",
        "b": "home",
        "c": "home",
        "core": "library",
    }


def test_pages_that_plugins_hook_into_are_a_front_where_they_name_more_than_they_are_named() -> (
    None
):
    labels = [f"{app}.{name}" for app in "abc" for name in "XY"]
    hooks = [edge("import", app, "pages") for app in "abc"]
    asks = [edge("call", "pages", label) for label in labels]

    def role(*edges: Edge) -> str:
        scan = scan_of(labels, [*hooks, *edges], apps=["a", "b", "c", "pages"])
        found = Places(scan, {label: label[0] for label in labels}).roles
        return next(each.role for each in found if each.app == "pages")

    assert role() == role(*asks[:3]) == "library"
    assert role(*asks) == "front"


def test_the_label_of_an_app_is_never_taken_for_a_model() -> None:
    strange = scan_of(["a.A"], [], packages=("a", "auth.User"))

    assert Places(strange, {"a.A": "one"}).side("a") == "one"
