"""The storefront bought from in a real browser, through the gateway, in both placements."""

import re

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.acceptance.chromium import keep_pictures, needs_chromium
from tests.acceptance.running_shop import RunningShop

pytestmark = needs_chromium


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
    shop: RunningShop, page: Page
) -> None:
    page.goto("/")
    keep_pictures(page, f"{shop.placement}-catalogue")
    page.get_by_label("Search the shop").fill("trowel")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Forged hand trowel").click()
    page.get_by_label("Quantity").fill("2")
    page.get_by_role("button", name="Add to basket").click()
    expect(page.get_by_text("€37.00").first).to_be_visible()

    page.get_by_role("link", name="Go to checkout").click()
    sign_in(page, "alice", shop.demo_password)
    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()
    keep_pictures(page, f"{shop.placement}-checkout")
    page.get_by_label("Card ending in 0005").check()  # slow enough to be seen waiting
    page.get_by_role("button", name="Order and pay").click()

    expect(page.locator("[data-status=pending]")).to_be_visible()
    expect(page.locator("[data-status=confirmed]")).to_be_visible(timeout=30_000)
    keep_pictures(page, f"{shop.placement}-order")
    expect(page.get_by_text("Payment taken")).to_be_visible()
    expect(page.get_by_role("link", name="Basket")).to_have_text("Basket")

    order = page.url.rstrip("/").rsplit("/", 1)[1]
    assert shop.settled(order)["status"] == "confirmed"
    lines = shop.settled(order)["lines"]
    assert [(line["sku"], line["quantity"]) for line in lines] == [("TL-101", 2)]


def test_a_declined_card_is_explained_and_a_cancelled_order_is_watched_to_its_end(
    shop: RunningShop, page: Page
) -> None:
    page.goto("/auth/sign-in/?next=/orders/")
    sign_in(page, "bob", shop.demo_password)
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
    shop: RunningShop, chromium: Browser
) -> None:
    context = chromium.new_context(base_url=shop.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/auth/sign-in/")
    sign_in(page, "alice", shop.demo_password)
    put_into_basket(page, "BK-801")
    buy(page, "Card ending in 0005")
    expect(page.locator("[data-status=confirmed]")).to_be_visible(timeout=30_000)
    context.close()


def test_signing_out_ends_the_sign_in_at_the_shop_and_at_the_provider(
    shop: RunningShop, page: Page
) -> None:
    page.goto("/auth/sign-in/")
    sign_in(page, "alice", shop.demo_password)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.goto("/orders/")
    expect(page.get_by_label("Password")).to_be_visible()


def test_sessions_are_not_for_scripts_and_no_cookie_is_for_other_sites(
    shop: RunningShop, page: Page, context: BrowserContext
) -> None:
    page.goto("/auth/sign-in/")
    sign_in(page, "alice", shop.demo_password)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    cookies = context.cookies()
    assert all(cookie["sameSite"] == "Lax" for cookie in cookies)
    sessions = [cookie for cookie in cookies if cookie["name"].startswith("sessionid")]
    assert sessions
    assert all(cookie["httpOnly"] for cookie in sessions)
