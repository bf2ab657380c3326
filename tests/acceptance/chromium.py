"""The shop's pages in a real browser: Debian's `chromium`, driven by Playwright.

Set RAMET_SCREENSHOTS to a folder to keep pictures of the pages, on a desktop and on a phone, light
and dark; `docs/images/storefront.png` is one of them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.acceptance.running_shop import RunningShop
from tests.chromium import CHROMIUM, started

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium: apt-get install chromium"
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture
def context(chromium: Browser, shop: RunningShop) -> Iterator[BrowserContext]:
    made = chromium.new_context(base_url=shop.url, viewport={"width": 1280, "height": 900})
    made.set_default_timeout(20_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page; whatever is opened in it must break no policy and no script."""
    opened = context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
    opened.on("console", _no_policy_violation)
    return opened


def _no_policy_violation(message: object) -> None:
    text = str(getattr(message, "text", ""))
    assert "Content Security Policy" not in text, text


def keep_pictures(page: Page, name: str) -> None:
    """Where somebody asked for pictures; the page is afterwards as it was."""
    folder = os.environ.get("RAMET_SCREENSHOTS")
    if not folder:
        return
    before = page.viewport_size
    assert before is not None
    for kind, width in (("desktop", 1280), ("phone", 375)):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            path = Path(folder) / f"{name}-{kind}-{scheme}.png"
            page.screenshot(path=path, full_page=True)
    page.set_viewport_size(before)
    page.emulate_media(color_scheme="light")
