"""Pictures of the dashboard for the documentation: `make screenshots` writes docs/images/dashboard.

They show a shop that exists in telemetry and in a supervisor's answers only, so that they can be
taken anew at any time.
"""

import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests import chromium
from tests.dashboard.browsing import NARROW, visitor
from tests.dashboard.operated import RUN
from tests.dashboard.pictured import picture
from tests.dashboard.running import Dashboard, running
from tests.dashboard.shop_like import Shop

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "images" / "dashboard"
SIZE = {"width": 1240, "height": 780}
PICTURES = {
    "system": "/",
    "trace": "A TRACE",
    "logs": "/logs",
    "metrics": "/metrics",
    "events": "/events",
    "saga": f"/sagas/orders/{RUN}",
    "services": "/services",
    "api": "/api/products/shop.products.v1.Products/reserve",
    "mail": "/mail/one~0",
    "advice": "/advice",
}
LOOKS: tuple[tuple[str, dict[str, Any], Mapping[str, str]], ...] = (
    ("", {"viewport": SIZE, "color_scheme": "light"}, PICTURES),
    (
        "-dark",
        {"viewport": SIZE, "color_scheme": "dark"},
        {name: PICTURES[name] for name in ("system", "metrics")},
    ),
    ("-narrow", {"viewport": NARROW, "color_scheme": "light"}, {"saga": PICTURES["saga"]}),
)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    # The pages know what is declared from the ramet.toml beside the state folder: the shop's.
    with tempfile.TemporaryDirectory(prefix="shot-") as parent:
        folder = Path(parent) / "shop"
        shutil.copytree(ROOT / "shop", folder, ignore=shutil.ignore_patterns(".*"))
        with running(folder / ".ramet") as dashboard, chromium.started() as browser:
            shop = Shop(time.time_ns())
            shop.live(minutes=14, purchases=60, visits=200, baskets=40)
            dashboard.fill(shop)
            picture(dashboard, folder)
            for suffix, look, pictures in LOOKS:
                take(browser, dashboard, look, suffix, pictures)


def take(
    browser: Browser,
    dashboard: Dashboard,
    look: dict[str, Any],
    suffix: str,
    pictures: Mapping[str, str],
) -> None:
    """Pictures of pages, by name, as somebody with this `look` sees them."""
    with visitor(browser, dashboard, **look) as context:
        page = context.new_page()
        for name, path in pictures.items():
            page.goto(a_purchase(page) if path == "A TRACE" else path)
            page.wait_for_load_state()
            page.screenshot(path=FOLDER / f"{name}{suffix}.png")


def a_purchase(page: Page) -> str:
    """The address of a trace that went well and quickly."""
    page.goto("/traces?operation=POST+%2Fapi%2Fv1%2Forders%2F&status=ok&max=1s")
    return str(page.locator("table.traces tbody th a").first.get_attribute("href"))


if __name__ == "__main__":
    main()
