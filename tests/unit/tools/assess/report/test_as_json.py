"""The JSON of a report: its schema is published, and it can be read back."""

import json
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from ramet.errors import DiagnosticError
from ramet.tools.assess.report.as_json import as_json, json_schema, read_report
from tests.unit.tools.assess.report.made_up import made_up

REFERENCE = Path(__file__).parents[5] / "docs" / "reference"


def test_it_is_valid_by_its_own_schema() -> None:
    """Which is one itself."""
    Draft202012Validator.check_schema(json_schema())
    Draft202012Validator(json_schema()).validate(json.loads(b"".join(as_json(made_up()))))


def test_the_published_schema_is_the_current_one() -> None:
    """To repair: `ramet assess --schema > docs/reference/assess.schema.json`."""
    assert json.loads((REFERENCE / "assess.schema.json").read_text()) == json_schema()


def test_models_edges_and_groups_have_the_names_that_are_promised() -> None:
    """Other programs read them."""
    written = json.loads(b"".join(as_json(made_up())))
    assert {"label", "app", "file", "line"} <= written["models"][0].keys()
    wanted = {"kind", "source", "target", "field", "file", "line", "known"}
    assert wanted <= written["edges"][0].keys()
    assert {"name", "models"} <= written["groups"][0].keys()


def test_its_pieces_are_one_indented_text() -> None:
    """As if it were written whole."""
    whole = msgspec.json.format(msgspec.json.encode(made_up()), indent=2) + b"\n"
    assert b"".join(as_json(made_up())) == whole


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    """Nothing is lost on the way."""
    path = tmp_path / "old.json"
    path.write_bytes(b"".join(as_json(made_up())))
    assert read_report(path) == made_up()


def test_a_file_name_that_is_no_utf_8_can_be_written() -> None:
    """As an escape, as Python has it."""
    report = made_up()
    models = [msgspec.structs.replace(report.models[0], file="caf\udce9.py")]
    written = b"".join(as_json(msgspec.structs.replace(report, models=models)))
    assert json.loads(written)["models"][0]["file"] == "caf\udce9.py"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        (b"not json", "not-a-report"),
        (b"\xff\xfe", "not-a-report"),
        (b"[]", "not-a-report"),
        (b"[1", "not-a-report"),
        (b"{}", "not-a-report"),
        (b'{"version": 1}', "not-a-report"),
        (b'{"version": 2}', "another-version"),
        (None, "unreadable-report"),
    ],
)
def test_what_is_no_report_is_refused_with_what_to_do(
    tmp_path: Path, text: bytes | None, reference: str
) -> None:
    """Each for its own reason."""
    path = tmp_path / "old.json"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(DiagnosticError) as raised:
        read_report(path)
    assert [mistake.reference for mistake in raised.value.mistakes] == [reference]
    assert "--json" in str(raised.value)
    assert ("no JSON: " in str(raised.value)) == (text in (b"not json", b"\xff\xfe", b"[1"))
