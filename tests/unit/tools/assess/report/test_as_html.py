"""The page as text: what stands in it before any script, and what may not."""

import re

import msgspec
import pytest

from ramet.tools.assess.findings import AppRole
from ramet.tools.assess.report import packing
from ramet.tools.assess.report.as_html import as_html
from ramet.tools.assess.report.comparing import Change
from tests.unit.tools.assess.report.made_up import HOSTILE, made_up


def test_the_verdict_stands_in_the_page_before_anything_else_of_the_report() -> None:
    """Readable without a script."""
    page = as_html(made_up()).decode()
    before, _, after = page.partition("Draw these boundaries: parting it costs more than it saves.")
    assert after
    assert made_up().groups[0].name not in before.partition("<main>")[2]


def test_every_candidate_step_and_hub_is_text_in_the_page() -> None:
    """They are what is printed and read aloud."""
    report = made_up()
    main = as_html(report).decode().partition("<main>")[2].partition("</main>")[0]
    wanted = [group.name for group in report.groups] + [hub.model for hub in report.platform]
    assert [word for word in wanted if word not in main] == []
    assert "3</strong> syntax error" in main


def test_where_the_code_of_each_app_goes_is_text_in_the_page() -> None:
    """Those that go with no candidate with the reason, and nothing where nothing is known."""
    roles = [
        AppRole(app="core", role="library", why="All use <it>."),
        AppRole(app="orders", role="home", group="orders", why="All of its models are there."),
    ]
    page = as_html(msgspec.structs.replace(made_up(), roles=roles)).decode()
    assert '<th scope="row">core</th><td><span class="tag">library</span></td>' in page
    assert "All use &lt;it&gt;." in page
    assert "1 app with its models</summary>" in page
    assert "Where the code of apps goes" not in as_html(made_up()).decode()


def test_it_names_no_address_that_a_browser_would_fetch() -> None:
    """No source, no link to elsewhere, no import: it opens without a network."""
    page = as_html(made_up()).decode()
    page = re.sub(r'<script type="text/plain".*?</script>', "", page, flags=re.DOTALL)
    fetched = re.findall(r"(?:src|href)=[\"'](?!#)[^\"']*|@import|url\(|fetch\(", page)
    assert fetched == []


def test_the_same_report_makes_the_same_bytes() -> None:
    """So that a committed report changes when the project does."""
    assert as_html(made_up()) == as_html(made_up())


def test_no_text_of_a_project_ends_an_element() -> None:
    """Neither in the text nor in what is embedded."""
    report = made_up()
    project = msgspec.structs.replace(report.project, name=HOSTILE)
    page = as_html(msgspec.structs.replace(report, project=project)).decode()
    assert "<img src=x" not in page
    assert page.count("</script>") == 2


def test_changes_are_shown_with_their_place_and_way() -> None:
    """Only where an earlier run was given."""
    page = as_html(made_up(), [Change("New cut: <b>", is_worse=True, file="a.py", line=3)]).decode()
    assert '<span class="tag">worse</span> New cut: &lt;b&gt; <code class="place">a.py:3' in page
    assert "Since last time" not in as_html(made_up()).decode()


def test_what_would_be_too_large_leaves_the_source_out_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The page promises a size; the JSON has everything."""
    report = made_up()
    whole = packing.embedded(report)
    monkeypatch.setattr(packing, "_LARGEST", len(whole) - 1)
    assert len(packing.embedded(report)) < len(whole)
