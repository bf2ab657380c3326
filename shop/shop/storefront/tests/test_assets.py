"""The storefront's own files."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.test import Client

from shop.storefront.drawings import DRAWINGS, drawing_of
from shop.storefront.templatetags.storefront import asset

FOLDER = Path(__file__).parents[1] / "static" / "storefront"


def test_a_file_is_kept_by_browsers_for_a_year() -> None:
    answer = Client().get(asset("storefront.css"))
    assert answer.status_code == 200
    assert answer["content-type"] == "text/css; charset=utf-8"
    assert answer["cache-control"] == "public, max-age=31536000, immutable"


def test_a_name_that_does_not_exist_fails_where_it_is_written() -> None:
    with pytest.raises(ValueError, match=r"storefront\.sass"):
        asset("storefront.sass")


def test_every_drawing_that_pages_ask_for_exists() -> None:
    drawn = ElementTree.parse(FOLDER / "art.svg").getroot()
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
