"""A killed service, a slow one and a dead letter, found and mended from the dashboard alone.

In a real browser, on the shop as services. Nothing but the dashboard is looked at or clicked after
something was broken.
"""

import json
import os
import re
import signal
import time
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.chromium import needs_chromium
from tests.acceptance.running_shop import RunningShop

# In the monolith there is one process to kill, and a fault befalls the gateway's requests only.
pytestmark = [needs_chromium, pytest.mark.parametrize("shop", ["services"], indirect=True)]

PATIENCE = 60_000  # milliseconds


@pytest.fixture
def page(chromium: Browser, shop: RunningShop) -> Iterator[Page]:
    """The dashboard, entered by the link that `ramet up` prints."""
    address = f"http://localhost:{shop.port + 1}"
    context = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    opened = context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
    token = (shop.folder / ".ramet" / "secrets" / "dashboard-token").read_text().strip()
    opened.goto(f"/?token={token}")
    yield opened
    context.close()


def the_state(shop: RunningShop) -> dict[str, dict[str, object]]:
    """The processes as the supervisor has written them down last, by name."""
    state = json.loads((shop.folder / ".ramet" / "state.json").read_text())
    return {each["name"]: each for each in state["processes"]}


def test_a_service_that_is_killed_again_and_again(shop: RunningShop, page: Page) -> None:
    deadline = time.monotonic() + 60
    while (process := the_state(shop)["products-web"])["state"] != "failed":
        assert time.monotonic() < deadline, f"it is never given up: {process}"
        if process["state"] == "running" and isinstance(process["pid"], int):
            try:
                os.kill(process["pid"], signal.SIGKILL)
            except ProcessLookupError:
                continue  # that one is dead already
        time.sleep(0.02)

    page.get_by_role("link", name="Services").click()
    row = page.get_by_role("row").filter(has_text="products-web")
    expect(row).to_contain_text(re.compile("failed|restarting|starting"))
    row.get_by_role("link", name="products", exact=True).click()
    expect(page.get_by_role("region", name="Last restarts").first).to_contain_text(
        "was ended by SIGKILL"
    )
    page.get_by_role("button", name="Restart").click()
    expect(page.get_by_role("status").filter(has_text="products was restarted.")).to_be_visible()
    expect(page.get_by_role("row", name="products-web web")).to_contain_text("running")
    expect(page.get_by_role("heading", name="Health")).to_contain_text("ready")


def call_products(page: Page, answer: str) -> None:
    """Call an operation of products as orders, by its form, until the answer is this one."""
    page.goto("/api")
    page.get_by_role("row").filter(has_text="Products that contain every word").get_by_role(
        "link", name="page"
    ).click()

    def ask() -> bool:
        page.get_by_role("button", name="Call …").click()
        page.get_by_role("button", name="Call", exact=True).click()
        return answer in page.get_by_role("region", name="Answer").first.inner_text()

    deadline = time.monotonic() + 30
    while not ask():
        assert time.monotonic() < deadline, f"the answer is not {answer!r}"


def test_a_service_that_is_slow(shop: RunningShop, page: Page) -> None:
    page.goto("/services/products")
    page.get_by_label("Slower by, in ms").fill("6000")
    page.get_by_role("button", name="Switch on").click()
    call_products(page, "deadline_exceeded")
    # Whatever page is open says why.
    page.goto("/mail")
    banner = page.get_by_role("status").filter(has_text="products is 6000 ms slower")
    banner.get_by_role("link", name="Switch it off").click()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("status").filter(has_text="products is as it was.")).to_be_visible()
    call_products(page, "done")


def give_up(users: psycopg.Connection[tuple[object, ...]], order: str) -> None:
    """Have the next failure of the order's confirmation be the last: its pauses grow to minutes."""
    deadline = time.monotonic() + 60
    next_is_last = """
        UPDATE ramet_events_inbox SET attempts = 7, run_at = now()
        WHERE state = 'ready' AND attempts > 0 AND key = %s
        AND handler = 'shop.users.handlers.send_confirmation'
    """
    while users.execute(next_is_last, [order]).rowcount == 0:
        assert time.monotonic() < deadline, "the confirmation does not fail"
        time.sleep(0.05)


def test_a_dead_letter(shop: RunningShop, page: Page) -> None:
    databases = json.loads((shop.folder / ".ramet" / "state.json").read_text())["databases"]
    with psycopg.connect(databases["users"], autocommit=True) as users:
        users.execute("ALTER TABLE users_letter RENAME TO users_letter_away")
        try:
            order = shop.place((shop.in_stock(2)[0], 1))
            give_up(users, order)
            page.get_by_role("link", name="Events").click()
            dead = page.get_by_role("row").filter(has_text="send_confirmation").get_by_role("link")
            expect(dead).to_contain_text("dead")
            dead.click()
            letter = page.get_by_role("article").filter(has_text=order)
            expect(letter).to_contain_text('relation "users_letter" does not exist')
            letter.get_by_text("Payload and error").click()
            expect(letter.get_by_text(f'"order_id": "{order}"')).to_be_visible()
        finally:
            users.execute("ALTER TABLE users_letter_away RENAME TO users_letter")
    letter.get_by_role("link", name="Try again …").click()
    expect(page.get_by_text("1 dead letter would be tried again")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status").filter(has_text="1 will be tried again")).to_be_visible()
    expect(page.get_by_role("article").filter(has_text=order)).to_have_count(0)
    page.get_by_role("link", name="Mail").click()
    expect(page.get_by_role("link", name=f"Your order {order} is confirmed")).to_be_visible()
    said = json.loads(shop.ramet("audit", "list", "users", "--action=events.replayed", "--json"))
    assert (said[-1]["caller"], said[-1]["via"]) == ("dashboard", "manage.py ramet_events")
