"""`ramet schema` prints what an editor needs."""

import json

from ramet.system import json_schema
from tests.unit.cli.conftest import Ramet


def test_the_schema_is_printed_as_json_and_needs_no_project(ramet: Ramet) -> None:
    """Nothing else is on standard output."""
    run = ramet("schema")
    assert run.returncode == 0
    assert json.loads(run.stdout) == json_schema()
