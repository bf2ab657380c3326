"""Debian's Chromium, driven by Playwright: for the shop's pages and for the dashboard's."""

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
"""None where there is no browser; tests say so and are skipped."""

# What a page shows by itself it shows after seconds, and the machine has more to do than this test.
expect.set_options(timeout=20_000)


@contextlib.contextmanager
def started() -> Iterator[Browser]:
    """A browser without a window, until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            # No sandbox: tests may run as root, which chromium refuses otherwise.
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()
