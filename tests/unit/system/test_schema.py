"""The JSON Schema accepts and refuses what the reader does, as far as one value can show."""

import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ramet.system import json_schema
from ramet.system.fields import TABLES
from tests.unit.system.conftest import MINIMAL
from tests.unit.system.test_reading import FULL

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


def is_valid(text: str) -> bool:
    """Whether an editor would accept it."""
    return Draft202012Validator(json_schema()).is_valid(tomllib.loads(text))


def test_it_is_a_schema() -> None:
    """Of the draft that it names."""
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("text", [MINIMAL, FULL])
def test_what_the_reader_accepts_is_valid(text: str) -> None:
    """An editor must not mark a right file."""
    assert is_valid(text)


@pytest.mark.parametrize(
    "change",
    [
        'rotues = ["/o/"]',
        "routes = []",
        'routes = ["o"]',
        'command = ["node"]',
        "owner = 1",
        "[services.Users]\napps = ['a']",
        "[gatway]",
        "[gateway]\nlisten = '8000'",
        "[infrastructure]\nbroker = 'embeded'",
    ],
)
def test_what_one_value_shows_to_be_wrong_is_invalid(change: str) -> None:
    """The same changes make the reader raise."""
    assert not is_valid(MINIMAL + change)


def test_the_published_schema_is_the_current_one() -> None:
    """To repair: `ramet schema > docs/reference/ramet.schema.json`."""
    published = (REFERENCE / "ramet.schema.json").read_text()
    assert json.loads(published) == json_schema()


def test_the_reference_page_explains_every_key() -> None:
    """A key that nobody can look up does not exist."""
    page = (REFERENCE / "ramet-toml.md").read_text()
    for table, (_, keys) in TABLES.items():
        inner = {f".{key.name}]": key.keys for key in keys if key.kind == "table"}
        for ending, known in {"": keys, **inner}.items():
            assert f"[{table}" in page
            assert ending in page
            missing = [key.name for key in known if f"| `{key.name}` |" not in page]
            assert missing == [f"{key.name}" for key in known if key.kind == "table"]
