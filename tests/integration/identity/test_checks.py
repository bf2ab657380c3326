"""`ramet check` on a project with the provider: what is open, and scopes that nobody can have."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.identity.papers import Papers


@pytest.fixture
def copied() -> Iterator[Papers]:
    """The project in a folder of its own, to be changed; nothing runs."""
    papers = Papers()
    papers.project = Path(shutil.copytree(papers.project, papers.folder / "project"))
    yield papers
    papers.stop()


def findings(papers: Papers, identifier: str) -> dict[str, Any]:
    printed = papers.manage("ramet_check", service="accounts,notes")
    return {each["where"]: each for each in json.loads(printed) if each["id"] == identifier}


def test_every_view_that_is_open_without_a_decision_is_listed(copied: Papers) -> None:
    assert "notes.urls.plain" in findings(copied, "ramet.W040")
    assert "notes.urls.Notes" not in findings(copied, "ramet.W040")
    urls = copied.project / "notes" / "urls.py"
    decided = urls.read_text().replace("def plain(", "@ramet.public\ndef plain(")
    urls.write_text(f"import ramet\n{decided}")
    assert "notes.urls.plain" not in findings(copied, "ramet.W040")


def test_a_scope_that_nobody_defines_is_an_error(copied: Papers) -> None:
    assert findings(copied, "ramet.E041") == {}
    urls = copied.project / "notes" / "urls.py"
    urls.write_text(urls.read_text().replace('HasScope("notes:write")', 'HasScope("notes:wrte")'))
    [(where, found)] = findings(copied, "ramet.E041").items()
    assert where == "notes.urls.Written"
    assert found["level"] == 40
    assert "HasScope('notes:wrte'), a scope that nobody defines" in found["message"]
    assert "Declared: email, notes:read, notes:write, openid, profile" in found["hint"]
    assert "OAUTH2_PROVIDER" in found["hint"]
