"""Pictures of the dashboard for the documentation: `make screenshots` writes docs/images/dashboard.

They show a shop that exists in telemetry only, so that they can be taken anew at any time.
"""

import shutil
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from tests.dashboard.browsing import chromium, visitor
from tests.dashboard.running import running
from tests.dashboard.shop_like import Shop

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "images" / "dashboard"
SIZE = {"width": 1240, "height": 780}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    # The pages know what is declared from the ramet.toml beside the state folder: the shop's.
    with tempfile.TemporaryDirectory(prefix="shot-") as parent:
        shutil.copytree(ROOT / "shop", Path(parent) / "shop", ignore=shutil.ignore_patterns(".*"))
        with running(Path(parent) / "shop" / ".ramet") as dashboard, chromium() as browser:
            shop = Shop(time.time_ns())
            shop.live(minutes=14, purchases=60, visits=200, baskets=40)
            dashboard.fill(shop)
            for theme in ("light", "dark"):
                with visitor(browser, dashboard, viewport=SIZE, color_scheme=theme) as context:
                    take(context.new_page(), theme)


def take(page: Page, theme: str) -> None:
    """One picture of each page that the documentation shows; few, so that they stay few to keep."""
    page.goto("/traces?operation=POST+%2Fapi%2Fv1%2Forders%2F&status=ok&max=1s")
    trace = page.locator("table.traces tbody th a").first.get_attribute("href")
    pictures = {
        "light": {"system": "/", "trace": trace},
        "dark": {"metrics": "/metrics", "advice": "/advice"},
    }
    for name, path in pictures[theme].items():
        page.goto(str(path))
        page.wait_for_load_state()
        page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
