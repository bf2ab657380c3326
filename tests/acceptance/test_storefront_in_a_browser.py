"""The storefront bought from in a real browser, through the gateway, in both placements.

Chromium is the system's own (Debian's `chromium`), driven by Playwright. Set RAMET_SCREENSHOTS to a
folder to keep pictures of the pages; `docs/images/storefront.png` is one of them.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.acceptance.running_shop import RunningShop

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            # No sandbox: tests may run as root, which chromium refuses otherwise.
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser, shop: RunningShop) -> Iterator[BrowserContext]:
    made = chromium.new_context(base_url=shop.url, viewport={"width": 1280, "height": 900})
    made.set_default_timeout(20_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    opened = context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
    return opened


@pytest.fixture
def password(shop: RunningShop) -> str:
    """The demo people's password, where `ramet up` keeps it."""
    found = list((shop.folder / ".ramet" / "secrets").glob("*demo*"))
    assert len(found) == 1, f"expected one file with the demo password, found {found}"
    return found[0].read_text().strip()


def keep_picture(page: Page, name: str, shop: RunningShop) -> None:
    folder = os.environ.get("RAMET_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{shop.placement}-{name}.png")


def put_into_basket(page: Page, sku: str) -> None:
    page.goto(f"/products/{sku}/")
    page.get_by_role("button", name="Add to basket").click()
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()


def sign_in(page: Page, username: str, password: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def buy(page: Page, card: str) -> None:
    page.goto("/checkout/")
    page.get_by_label(card).check()
    page.get_by_role("button", name="Order and pay").click()
    page.wait_for_url(re.compile(r"/orders/[0-9a-f-]{36}/$"))


def test_a_visitor_finds_something_signs_in_buys_it_and_sees_it_confirmed(
    shop: RunningShop, page: Page, password: str
) -> None:
    page.goto("/")
    keep_picture(page, "catalogue", shop)
    page.get_by_label("Search the shop").fill("trowel")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Forged hand trowel").click()
    page.get_by_label("Quantity").fill("2")
    page.get_by_role("button", name="Add to basket").click()
    expect(page.get_by_text("€37.00").first).to_be_visible()

    page.get_by_role("link", name="Go to checkout").click()
    sign_in(page, "alice", password)
    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()
    keep_picture(page, "checkout", shop)
    page.get_by_label("Card ending in 0005").check()  # slow enough to be seen waiting
    page.get_by_role("button", name="Order and pay").click()

    expect(page.locator("[data-status=pending]")).to_be_visible()
    expect(page.locator("[data-status=confirmed]")).to_be_visible(timeout=30_000)
    keep_picture(page, "order", shop)
    expect(page.get_by_text("Payment taken")).to_be_visible()
    expect(page.get_by_role("link", name="Basket")).to_have_text("Basket")

    order = page.url.rstrip("/").rsplit("/", 1)[1]
    assert shop.settled(order)["status"] == "confirmed"
    lines = shop.settled(order)["lines"]
    assert [(line["sku"], line["quantity"]) for line in lines] == [("TL-101", 2)]


def test_a_declined_card_is_explained_and_a_cancelled_order_is_watched_to_its_end(
    shop: RunningShop, page: Page, password: str
) -> None:
    page.goto("/auth/sign-in/?next=/orders/")
    sign_in(page, "bob", password)
    expect(page.get_by_role("heading", name="Your orders")).to_be_visible()

    put_into_basket(page, "WT-501")
    buy(page, "Card ending in 0002")
    expect(page.locator("[data-status=cancelled]")).to_be_visible()
    expect(page.get_by_text("Your bank declined the payment")).to_be_visible()

    put_into_basket(page, "WT-501")
    buy(page, "Card ending in 4242")
    expect(page.locator("[data-status=confirmed]")).to_be_visible()
    page.get_by_role("button", name="Cancel this order").click()
    expect(page.locator("[data-status=cancelled]")).to_be_visible()
    expect(page.get_by_text("You cancelled this order")).to_be_visible()


def test_without_scripts_an_order_is_watched_all_the_same(
    shop: RunningShop, chromium: Browser, password: str
) -> None:
    context = chromium.new_context(base_url=shop.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/auth/sign-in/")
    sign_in(page, "alice", password)
    put_into_basket(page, "BK-801")
    buy(page, "Card ending in 0005")
    expect(page.locator("[data-status=confirmed]")).to_be_visible(timeout=30_000)
    context.close()


def test_signing_out_ends_the_sign_in_at_the_shop_and_at_the_provider(
    shop: RunningShop, page: Page, password: str
) -> None:
    page.goto("/auth/sign-in/")
    sign_in(page, "alice", password)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.goto("/orders/")
    expect(page.get_by_label("Password")).to_be_visible()


def test_sessions_are_not_for_scripts_and_no_cookie_is_for_other_sites(
    shop: RunningShop, page: Page, context: BrowserContext, password: str
) -> None:
    page.goto("/auth/sign-in/")
    sign_in(page, "alice", password)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    cookies = context.cookies()
    assert all(cookie["sameSite"] == "Lax" for cookie in cookies)
    sessions = [cookie for cookie in cookies if cookie["name"].startswith("sessionid")]
    assert sessions
    assert all(cookie["httpOnly"] for cookie in sessions)
