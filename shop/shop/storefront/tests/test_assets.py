"""The storefront's own files."""

from xml.etree import ElementTree

import pytest
from django.test import Client

from shop.storefront import assets
from shop.storefront.drawings import DRAWINGS, drawing_of


def test_a_file_is_kept_by_browsers_for_a_year() -> None:
    answer = Client().get(assets.url("storefront.css"))
    assert answer.status_code == 200
    assert answer["content-type"] == "text/css; charset=utf-8"
    assert answer["cache-control"] == "public, max-age=31536000, immutable"


def test_an_address_of_an_older_version_still_answers_but_is_not_kept() -> None:
    answer = Client().get("/assets/0000/storefront.css")
    assert answer.status_code == 200
    assert answer["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["settings.py", "..%2Fassets.py", "%2e%2e", "storefront.css%00"])
def test_nothing_else_can_be_read(name: str) -> None:
    assert Client().get(f"/assets/0000/{name}").status_code in (400, 404)


def test_a_name_that_does_not_exist_fails_where_it_is_written() -> None:
    with pytest.raises(KeyError):
        assets.url("storefront.sass")


def test_every_drawing_that_pages_ask_for_exists() -> None:
    drawn = ElementTree.parse(assets.FOLDER / "art.svg").getroot()
    assert {symbol.get("id") for symbol in drawn} == DRAWINGS


@pytest.mark.parametrize(
    ("category", "name", "drawing"),
    [
        ("Tools", "Digging spade, ash shaft", "spade"),
        ("Soil", "Organic tomato feed, 1 l", "bottle"),
        ("Seeds", "Tomato, cherry", "tomato"),
        ("Tools", "Hatchet", "tools"),
        ("Furniture", "Bench", "leaf"),
    ],
)
def test_the_name_tells_which_drawing_fits_else_the_category(
    category: str, name: str, drawing: str
) -> None:
    assert drawing_of(category, name) == drawing
