"""The report as a person has it: a file in a real browser, without a network."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from ramet.tools.assess.facts import Gap
from ramet.tools.assess.findings import AppRole, Report
from ramet.tools.assess.report.as_html import as_html
from tests.chromium import CHROMIUM
from tests.dashboard.browsing import AXE, NARROW, WIDE, faults
from tests.unit.tools.assess.report.made_up import HOSTILE, made_up

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")

LOOKS = {
    "light and wide": {"color_scheme": "light", "viewport": WIDE},
    "dark and narrow": {"color_scheme": "dark", "viewport": NARROW},
}


def opened(browser: Browser, report: Report, folder: Path, **look: object) -> Page:
    """The report as a page of its own, drawn; whatever goes wrong in it fails the test later."""
    path = folder / "report.html"
    path.write_bytes(as_html(report, []))
    context = browser.new_context(**{"viewport": WIDE, **look}, offline=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(path.as_uri())
    # Not a promise: other tests may be running beside this one.
    expect(page.locator("html[data-ready]")).to_be_attached(timeout=30_000)
    return page


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    page = opened(browser, made_up(), tmp_path)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    page.context.close()
    assert wrong == []


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core: npm ci in tests/node")
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_nothing_serious_keeps_anybody_from_reading_it(
    browser: Browser, tmp_path: Path, look: dict[str, object]
) -> None:
    """With a model chosen, a cut open, and results of a search."""
    page = opened(browser, made_up(), tmp_path, **look)
    page.locator(".node").first.focus()
    page.keyboard.press("Enter")
    page.locator("#cuts summary").first.click()
    page.locator("#search").fill("order")
    expect(page.locator("#found")).to_be_visible()
    assert faults(page) == []
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "the page is wider than the window"
    page.context.close()


def test_a_model_is_chosen_and_left_with_the_keyboard_alone(page: Page) -> None:
    """The map has one tab stop; arrows go on from there."""
    first = page.locator('.node[tabindex="0"]')
    assert first.count() == 1
    before = first.get_attribute("aria-label")
    first.focus()
    moved = next(
        label
        for key in ("ArrowRight", "ArrowLeft", "ArrowDown")
        for _ in [page.keyboard.press(key)]
        if (label := page.evaluate("document.activeElement.getAttribute('aria-label')")) != before
    )
    page.keyboard.press("Enter")
    expect(page.locator("#model h3")).to_have_text(moved.partition(",")[0])
    page.keyboard.press("Escape")
    expect(page.locator("#model h3")).to_have_text("Nothing chosen")


def test_a_click_on_the_map_shows_a_models_connections(page: Page) -> None:
    """The same list that the connections of the report make."""
    report = made_up()
    label = report.groups[0].models[0]
    page.locator(f'.node[aria-label^="{label},"] circle').click()
    expect(page.locator("#model h3")).to_have_text(label)
    count = sum(label in (edge.source, edge.target) for edge in report.edges)
    expect(page.locator("#model .status").first).to_have_text(f"{count} connections")
    assert page.locator(".chosen-lines").get_attribute("d")


def test_a_model_has_an_address_that_can_be_sent(page: Page) -> None:
    """From the list of a candidate's models."""
    label = made_up().groups[1].models[0]
    page.locator("#candidates details").nth(1).locator("summary").click()
    page.locator("#candidates a", has_text=label).first.click()
    expect(page.locator("#model h3")).to_have_text(label)
    assert page.url.endswith(f"#model/{label}")


def test_the_search_finds_models_cuts_functions_and_files(page: Page) -> None:
    """By any part, whatever the case."""
    report = made_up()
    label = report.groups[0].models[0]
    page.locator("#search").fill(label.upper())
    expect(page.locator("#found details")).not_to_have_count(0)
    expect(page.locator("#found summary").first).to_contain_text("1 model")
    page.locator("#search").fill("services.py")
    expect(page.locator("#found")).to_contain_text(f"{len(report.functions)} functions")
    page.locator("#search").fill("nothing has this name")
    expect(page.locator("#found")).to_contain_text("Nothing found")


def test_cuts_are_narrowed_down_by_how_they_are_made(page: Page) -> None:
    """And each opens to why, and the line of source."""
    report = made_up()
    how = report.cuts[0].how
    page.locator("#cuts select").first.select_option(how)
    count = sum(cut.how == how for cut in report.cuts)
    words = f"{count} cut{'' if count == 1 else 's'}"
    expect(page.locator("#cuts .status")).to_have_text(words)
    page.locator("#cuts summary").first.click()
    expect(page.locator("#cuts pre mark").first).to_contain_text("ForeignKey")


def test_connections_are_as_many_in_the_list_as_at_the_head(
    browser: Browser, tmp_path: Path
) -> None:
    """A cut that is of a whole transaction is none; its model tells of it apart."""
    report = made_up()
    cut = report.cuts[0]
    edge = msgspec.structs.replace(cut.edge, kind="atomic", field="made.services.buy_all")
    cuts = [*report.cuts, msgspec.structs.replace(cut, edge=edge, how="saga")]
    page = opened(browser, msgspec.structs.replace(report, cuts=cuts), tmp_path)
    head = page.locator(".figures div", has_text="connections").locator("dd")
    expect(head).to_have_text(str(len(report.edges)))
    expect(page.locator("#edges .status")).to_have_text(f"{len(report.edges)} connections")
    page.locator(f'.node[aria-label^="{edge.source},"] circle').click()
    told = sum(edge.source in (each.source, each.target) for each in report.edges)
    expect(page.locator("#model .status").first).to_have_text(f"{told} connections")
    expect(page.locator("#model .status").nth(1)).to_have_text("1 cut")
    expect(page.locator("#model summary")).to_contain_text("made.services.buy_all")
    page.context.close()


def test_what_a_row_costs_stands_beside_what_it_is_however_narrow(
    browser: Browser, tmp_path: Path
) -> None:
    """On the line of its first word, not alone on one below; and a path is parted at a slash."""
    report = made_up()
    file = "made/management/commands/load_all_of_the_demonstration.py"
    edge = msgspec.structs.replace(report.cuts[0].edge, file=file, line=120)
    cuts = [msgspec.structs.replace(report.cuts[0], edge=edge, effort=99), *report.cuts[1:]]
    page = opened(browser, msgspec.structs.replace(report, cuts=cuts), tmp_path, viewport=NARROW)
    rows = page.locator("#cuts summary, #blockers .row")
    tops = rows.evaluate_all(
        "rows => rows.map((row) => [...row.querySelectorAll('.tag')].slice(0, 2)"
        ".map((tag) => [tag.textContent, tag.offsetTop]))"
    )
    assert len(tops) > 20
    for (_, top), (days, below) in tops:
        assert days.endswith(("day", "days"))
        assert top == below
    place = page.locator("#cuts .place", has_text="load_all").first
    lines = place.evaluate(
        "(place) => [...place.childNodes].filter((part) => part.nodeType === Node.TEXT_NODE)"
        ".map((part) => { const range = document.createRange(); range.selectNode(part);"
        " return range.getClientRects().length; })"
    )
    assert lines == [1, 1, 1, 1], "a part of the path is itself parted"
    page.context.close()


def test_a_cell_of_the_matrix_lists_its_connections(page: Page) -> None:
    """As many as it says."""
    cell = page.locator("#matrix td button").first
    name = cell.get_attribute("aria-label") or ""
    cell.click()
    count = int(name.partition(": ")[0])
    words = f"{count} connection{'' if count == 1 else 's'}"
    expect(page.locator("#edges .status")).to_have_text(words)


def test_the_matrix_marks_an_app_that_goes_with_no_candidate(
    browser: Browser, tmp_path: Path
) -> None:
    """By a word, beside its name."""
    report = made_up()
    one, other = report.apps[0].label, report.apps[1].label
    roles = [
        AppRole(app=one, role="library", why="All use it."),
        AppRole(app=other, role="home", group=report.groups[0].name, why="All are there."),
    ]
    page = opened(browser, msgspec.structs.replace(report, roles=roles), tmp_path)
    row = page.locator("#matrix tbody th")
    expect(row.filter(has_text=one)).to_have_text(re.compile(f"^{one} ?library$"))
    expect(row.filter(has_text=other)).to_have_text(other)
    page.context.close()


def test_what_a_project_says_is_text_and_never_markup(browser: Browser, tmp_path: Path) -> None:
    """In every field that comes out of a project, with a lone surrogate of a file's name too."""
    page = opened(browser, hostile(), tmp_path)
    assert page.title() == f"{HOSTILE}: ramet assess"
    page.locator(".node").first.focus()
    page.keyboard.press("Enter")
    page.locator("#cuts summary").first.click()
    page.locator("#search").fill("script")
    expect(page.locator("#found summary").first).to_be_visible()
    assert page.locator("img").count() == 0
    assert page.title() == f"{HOSTILE}: ramet assess"
    page.context.close()


def test_no_script_runs_but_the_reports_own(browser: Browser, tmp_path: Path) -> None:
    """Were something not escaped, the Content-Security-Policy would still stop it."""
    path = tmp_path / "report.html"
    text = as_html(made_up(), None).decode()
    path.write_text(text.replace("</main>", "<script>document.title = 'owned'</script></main>"))
    page = browser.new_page()
    page.goto(path.as_uri())
    expect(page.locator("html[data-ready]")).to_be_attached()
    assert page.title() == "made-up: ramet assess"
    page.close()


def test_a_large_report_is_small_and_paints_at_once(browser: Browser, tmp_path: Path) -> None:
    """Forty thousand connections: under 5 MB, first paint under 2 s."""
    report = made_up(apps=48, models=420, edges=40_000)
    page = opened(browser, report, tmp_path)
    assert (tmp_path / "report.html").stat().st_size < 5_000_000
    assert min(painted_after(page) for _ in range(3)) < 2_000
    assert page.locator("#cuts .row").count() < 100, "a long list is in the page as a whole"
    page.locator("#cuts .more").click()
    expect(page.locator("#cuts .row")).to_have_count(225)
    page.context.close()


def painted_after(page: Page) -> float:
    """Milliseconds from asking for the page to its first paint; other tests may slow one down."""
    page.reload()
    expect(page.locator("html[data-ready]")).to_be_attached(timeout=30_000)
    entry = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    return float(page.evaluate(entry))


def test_it_prints_what_was_only_asked_for_on_screen(browser: Browser, tmp_path: Path) -> None:
    """Lists grow and open for paper."""
    page = opened(browser, made_up(), tmp_path)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#cuts .row").count() == len(made_up().cuts)
    assert page.locator("#cuts details:not([open])").count() == 0
    assert page.locator("#canvas svg").get_attribute("viewBox"), "the map is cut off on paper"
    page.emulate_media(media="print")
    expect(page.locator("nav")).to_be_hidden()
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.context.close()


def hostile() -> Report:
    """A made-up report in which every text is one that would do harm."""
    builtins = msgspec.to_builtins(made_up(models=12, edges=60))
    labels = {model["label"] for model in builtins["models"]}
    kept = re.compile(r"^(kind|known|how|choice|label|app|source|target|models|apps|model)$")

    def spoiled(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {name: spoiled(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [spoiled(inner, key) for inner in value]
        if isinstance(value, str) and not kept.match(key) and value not in labels:
            return HOSTILE if key in {"name", "source_group", "target_group"} else HOSTILE + value
        return value

    report = msgspec.convert(spoiled(builtins), Report)
    gap = Gap(kind="file-name", file="caf\udce9.py", line=0, found="x", why="y", remedy="z")
    models = [
        msgspec.structs.replace(model, label=f"{model.label}{HOSTILE}", table=HOSTILE)
        for model in report.models[-1:]
    ]
    return msgspec.structs.replace(report, gaps=[gap], models=[*report.models[:-1], *models])
