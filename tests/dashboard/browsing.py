"""A browser on the dashboard: Debian's Chromium, and axe-core for what it finds wrong."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.dashboard.running import TOKEN, Dashboard

AXE = Path(__file__).parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 390, "height": 844}


@contextlib.contextmanager
def visitor(browser: Browser, dashboard: Dashboard, **options: Any) -> Iterator[BrowserContext]:
    """Somebody who came by the link; `options` are of Playwright's new_context."""
    wanted: dict[str, Any] = {"viewport": WIDE, "timezone_id": "Europe/Berlin", **options}
    context = browser.new_context(base_url=dashboard.url, **wanted)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/?token={TOKEN}")
    page.close()
    yield context
    context.close()


def faults(page: Page) -> list[str]:
    """What axe-core finds serious or critical on a page, with the elements."""
    # Evaluated by the debugger, which the page's Content-Security-Policy does not bind.
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:200]}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"][:3]
    ]
