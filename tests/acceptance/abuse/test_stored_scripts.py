"""Cross-site scripting: whatever people and staff call things, no script of theirs runs.

Two walls, each tried by itself: what is shown is escaped, and the policy lets no script run that is
not a file of the shop. A marker that ran would set `window.pwned`.
"""

import re
import uuid
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from tests.acceptance.abuse.browser import Browser
from tests.acceptance.chromium import needs_chromium
from tests.acceptance.running_shop import RunningShop

RUN = "window.pwned=1"
SCRIPTS = {
    "element": f"<script>{RUN}</script>",
    "image": f'"><img src=x onerror="{RUN}">',
    "attribute": f'" autofocus onfocus="{RUN}" x="',
    "single quotes": f"' autofocus onfocus='{RUN}' x='",
    "svg": f"<svg/onload={RUN}>",
    "end of title": f"</title><script>{RUN}</script>",
    "end of script": f"</script><script>{RUN}</script>",
    "address": f"javascript:{RUN}//",
    "comment": f"--><script>{RUN}</script><!--",
    "template": f"{{{{constructor.constructor('{RUN}')()}}}}",
    "entity": f"&lt;script&gt;{RUN}&lt;/script&gt;",
    "frame": '<iframe srcdoc="<script>parent.pwned=1</script>">',
}


@pytest.fixture(scope="module")
def poisoned(shop: RunningShop) -> dict[str, str]:
    """A product for each script, with it in all of its texts; by the script's name the SKU."""
    skus = {}
    for name, script in SCRIPTS.items():
        skus[name] = f"XSS-{uuid.uuid4().hex[:8].upper()}"
        product = {
            "sku": skus[name],
            "name": script,
            "description": script,
            "category": script[:80],
            "price": {"amount": "1.00", "currency": "EUR"},
            "stock": 50,
        }
        answer = shop.call("POST", "/api/v1/products/", user="erin", json=product)
        assert answer.status_code == 201, answer.text
    return skus


@pytest.fixture(scope="module")
def marked(shop: RunningShop, poisoned: dict[str, str]) -> Iterator[str]:
    """Bob is called a script, and has ordered everything that is."""
    name = SCRIPTS["element"]
    before = shop.get("/api/v1/users/me/", user="bob")
    names = {"first_name": name, "last_name": SCRIPTS["image"]}
    assert shop.call("PATCH", "/api/v1/users/me/", user="bob", json=names).status_code == 200
    order = shop.place(*((sku, 1) for sku in poisoned.values()), user="bob")
    shop.settled(order, user="bob")
    yield order
    back = {name: before[name] for name in names}
    shop.call("PATCH", "/api/v1/users/me/", user="bob", json=back)


@pytest.fixture
def page(shop: RunningShop, chromium: Chromium, password: str) -> Iterator[Page]:
    """Bob's, signed in."""
    context = chromium.new_context(base_url=shop.url)
    context.set_default_timeout(20_000)
    own = Browser(shop.url).sign_in("bob", password)
    context.add_cookies(
        [
            {"name": each.name, "value": str(each.value), "url": shop.url}
            for each in own.http.cookies
        ]
    )
    yield context.new_page()
    context.close()


def ran(page: Page) -> bool:
    return bool(page.evaluate("() => Boolean(window.pwned)"))


@needs_chromium
def test_the_marker_would_be_seen(page: Page) -> None:
    """On a page that neither escapes nor has a policy."""
    page.set_content(f"<title>x</title>{SCRIPTS['image']}")
    page.wait_for_function("() => window.pwned")


@needs_chromium
def test_no_script_in_what_people_call_things_runs(
    page: Page, poisoned: dict[str, str], marked: str
) -> None:
    addresses = [f"/products/{sku}/" for sku in poisoned.values()]
    addresses += [
        "/orders/",
        f"/orders/{marked}/",
        f"/orders/{marked}/status/",
        "/o/account/email/",
    ]
    for name in ("element", "image", "attribute", "end of title"):
        query = urlencode({"search": SCRIPTS[name], "category": SCRIPTS[name]})
        addresses += [f"/?{query}", f"/auth/sign-in/?{urlencode({'next': SCRIPTS[name]})}"]
    for address in addresses:
        page.goto(address)
        assert not ran(page), address
    for sku in list(poisoned.values())[:3]:
        page.goto(f"/products/{sku}/")
        page.get_by_role("button", name="Add to basket").click()
        assert not ran(page)
    page.goto("/checkout/")
    assert page.get_by_text(SCRIPTS["element"]).count(), "the checkout shows no names: a weak test"
    assert not ran(page)


@needs_chromium
@pytest.mark.parametrize("address", ["/", "/orders/", "/o/account/email/"])
def test_an_injected_script_does_not_run_even_where_nothing_is_escaped(
    page: Page, address: str
) -> None:
    page.goto(address)
    page.evaluate(
        """markup => {
            window.stopped = 0;
            addEventListener("securitypolicyviolation", () => { window.stopped += 1; });
            document.body.insertAdjacentHTML("beforeend", markup);
        }""",
        SCRIPTS["image"] + '<a href="javascript:window.pwned=1" id="link">x</a>',
    )
    page.evaluate("() => document.getElementById('link').click()")
    page.wait_for_function("() => window.stopped >= 2")
    assert not ran(page)


def test_no_page_holds_what_people_call_things_as_it_is(
    shop: RunningShop, poisoned: dict[str, str], marked: str, password: str
) -> None:
    """Escaped in the page itself, whatever browsers and policies make of it."""
    own = Browser(shop.url).sign_in("bob", password)
    for name, sku in poisoned.items():
        script = SCRIPTS[name]
        if name == "entity" or not re.search(r"""[<>"']""", script):
            continue  # what others' escaping makes, and what is harmless text
        for address in (f"/products/{sku}/", f"/?{urlencode({'search': script})}"):
            assert script not in own.get(address).text, address
    for address in ("/orders/", f"/orders/{marked}/"):
        assert SCRIPTS["element"] not in own.get(address).text


def pages(own: Browser) -> Iterator[requests.Response]:
    """Pages of each kind: found, not found, refused, of the storefront and of the provider."""
    for address in (
        "/",
        "/basket/",
        "/orders/",
        "/products/NONE/",
        "/no-such-page/",
        "/?search=%00",
        "/auth/callback/?state=x",
        "/o/account/email/",
        "/o/device/",
        "/o/no-such-page/",
        "/o/authorize/?client_id=nobody",
    ):
        yield own.get(address)
    for address in ("/basket/add/", "/o/sign-out/"):
        yield own.send("POST", address, data={})  # without the form's token
    for address in ("/o/sign-in/", "/o/sign-up/", "/o/reset-password/"):
        yield Browser(own.url).get(address)


def test_every_page_has_a_policy_that_lets_no_inline_script_run(
    shop: RunningShop, password: str
) -> None:
    for page in pages(Browser(shop.url).sign_in("bob", password)):
        what = f"{page.request.method} {page.url} ({page.status_code})"
        assert page.headers["content-type"].startswith("text/html"), what
        policy = {
            directive.split()[0]: directive.split()[1:]
            for directive in page.headers.get("content-security-policy", "").split(";")
            if directive.strip()
        }
        assert policy.get("default-src") == ["'none'"], what
        assert policy.get("base-uri") == ["'none'"], what
        assert policy.get("frame-ancestors") == ["'none'"], what
        for directive in ("script-src", "style-src"):
            assert policy.get(directive, ["'none'"]) in (["'self'"], ["'none'"]), what
        assert page.headers["x-content-type-options"] == "nosniff", what


def test_what_is_no_page_is_not_taken_for_one(shop: RunningShop) -> None:
    """A product called a script is JSON to a browser that opens the API, and nothing else."""
    for address in ("/api/v1/products/", "/api/schema/", "/o/.well-known/openid-configuration"):
        answer = shop.call("GET", address, user=None)
        assert "html" not in answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff", address
