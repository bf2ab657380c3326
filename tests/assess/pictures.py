"""Pictures of a report for the documentation: `python -m tests.assess.pictures [PATH]`.

Without a PATH they show pretix, a project of 180,000 lines, as it comes from PyPI. They are of the
report that the command writes, so they can be taken anew at any time.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

from ramet.cli import main as ramet
from tests import chromium
from tests.assess.truth.environments import source_of
from tests.assess.truth.projects import PROJECTS

FOLDER = Path(__file__).parents[2] / "docs" / "images"
WIDE = {"width": 1240, "height": 860}
PICTURES: dict[str, tuple[dict[str, Any], str]] = {
    "assess": ({"viewport": WIDE, "color_scheme": "light"}, "#verdict"),
    "assess-map": ({"viewport": WIDE, "color_scheme": "dark"}, "#map"),
    "assess-cuts": ({"viewport": WIDE, "color_scheme": "light"}, "#cuts"),
}


def main() -> None:
    project = Path(sys.argv[1]) if len(sys.argv) > 1 else source_of(PROJECTS["pretix"])
    with tempfile.TemporaryDirectory(prefix="shot-") as folder, chromium.started() as browser:
        report = Path(folder) / "report.html"
        ramet(["assess", str(project), "--report", str(report)])
        for name, (look, section) in PICTURES.items():
            take(browser, report, look, section, FOLDER / f"{name}.png")


def take(browser: Browser, report: Path, look: dict[str, Any], section: str, picture: Path) -> None:
    """One picture, of what is in sight when a section is gone to."""
    context = browser.new_context(**look)
    page = context.new_page()
    page.goto(report.as_uri())
    expect(page.locator("html[data-ready]")).to_be_attached(timeout=30_000)
    if section != "#verdict":
        page.goto(f"{report.as_uri()}{section}")
    if section == "#map":
        # The one with most connections, which is the largest.
        nodes = page.locator(".node circle.dot-of")
        sizes = nodes.evaluate_all("all => all.map((each) => Number(each.getAttribute('r')))")
        nodes.nth(sizes.index(max(sizes))).dispatch_event("pointerdown")
        nodes.nth(sizes.index(max(sizes))).dispatch_event("pointerup")
    if section == "#cuts":
        page.locator("#cuts summary").first.click()
    page.screenshot(path=picture)
    context.close()


if __name__ == "__main__":
    main()
