"""A browser without scripts: cookies, forms, and redirects that are followed only when asked for.

Forms are read from the pages themselves, so that a test holds for whatever sign-in page there is.
Each browser has an address of its own on loopback, or one test would be limited for another's sake.
"""

import secrets
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

REDIRECTS = {301, 302, 303, 307, 308}
PROVIDER = ("/o/", "/accounts/")  # below these, pages are those of the service users


@dataclass
class Form:
    """One form of a page: where it goes, and the fields with what stands in them."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def named(self, *kinds: str) -> str | None:
        """The name of the first field of one of these kinds, such as `password`."""
        return next((name for name, kind in self.kinds.items() if kind in kinds), None)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            method = (attributes.get("method") or "get").lower()
            self._open = Form(attributes.get("action") or "", method)
            self.found.append(self._open)
        elif self._open is not None and tag in ("input", "button", "select", "textarea"):
            name = attributes.get("name")
            kind = attributes.get("type") or ("submit" if tag == "button" else "text")
            is_left_out = kind in ("checkbox", "radio") and "checked" not in attributes
            if name and not is_left_out and kind != "submit":
                self._open.values[name] = attributes.get("value") or ""
                self._open.kinds[name] = kind

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def forms(page: requests.Response) -> list[Form]:
    """The forms of a page."""
    parser = _Forms()
    parser.feed(page.text)
    return parser.found


def sign_in_form(page: requests.Response) -> Form:
    """The page's form with one password to fill in; AssertionError where there is none."""
    for form in forms(page):
        if form.named("password"):
            return form
    raise AssertionError(f"no sign-in form at {page.url}: {page.status_code} {page.text[:500]}")


class _From(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **options)


def from_elsewhere() -> requests.Session:
    """A client at an address that nobody had before: all of 127.0.0.0/8 is this machine."""
    random = secrets.token_bytes(3)
    session = requests.Session()
    session.mount("http://", _From(f"127.{random[0] | 1}.{random[1]}.{random[2] | 1}"))
    return session


class Browser:
    """One person's browser at the shop."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = from_elsewhere()

    def send(self, method: str, address: str, **options: Any) -> requests.Response:
        """One request, no redirect followed; forms that change something name where they are."""
        headers = dict(options.pop("headers", {}))
        if method not in ("GET", "HEAD"):
            headers.setdefault("Origin", self.url)
            headers.setdefault("Referer", self.url + "/")
        return self.http.request(
            method,
            urljoin(self.url, address),
            headers=headers,
            allow_redirects=False,
            timeout=30,
            **options,
        )

    def get(self, address: str, **options: Any) -> requests.Response:
        return self.send("GET", address, **options)

    def follow(self, answer: requests.Response, most: int = 10) -> requests.Response:
        """Go where the answer leads, as long as that is in the shop."""
        for _ in range(most):
            if answer.status_code not in REDIRECTS:
                return answer
            target = urljoin(answer.url, answer.headers["location"])
            assert self.is_own(target), f"sent away from the shop, to {target}"
            answer = self.get(target)
        raise AssertionError(f"redirected without end, at last to {answer.url}")

    def is_own(self, address: str) -> bool:
        """Whether this is an address of the shop."""
        return urlsplit(address)[:2] == urlsplit(self.url)[:2]

    def submit(self, page: requests.Response, form: Form, **values: str) -> requests.Response:
        """Send a form of the page, with these values in it."""
        target = urljoin(page.url, form.action)
        filled = {**form.values, **values}
        where = {"Referer": page.url.split("#")[0]}
        if form.method == "get":
            return self.get(target, params=filled, headers=where)
        return self.send("POST", target, data=filled, headers=where)

    def csrf(self, address: str = "/") -> dict[str, str]:
        """What a form of this browser carries, to send one to `address` that no page holds."""
        service = "users" if address.startswith(PROVIDER) else "storefront"
        names = (f"csrftoken_{service}", "csrftoken")  # one of each service, or of the monolith
        if not any(map(self.cookie, names)):
            self.get("/products/TL-101/")
            self.follow(self.get("/auth/sign-in/"))
        token = next(filter(None, map(self.cookie, names)))
        return {"csrfmiddlewaretoken": token}

    # ── signing in ────────────────────────────────────────────────────────────────────────────

    def enter(
        self, username: str, password: str, page: requests.Response | None = None
    ) -> requests.Response:
        """Fill in the sign-in page, by default the one that the storefront sends to."""
        page = page if page is not None else self.follow(self.get("/auth/sign-in/"))
        form = sign_in_form(page)
        values = {form.named("text", "email"): username, form.named("password"): password}
        return self.submit(page, form, **{name: value for name, value in values.items() if name})

    def sign_in(self, username: str, password: str) -> "Browser":
        """Be signed in at the provider and at the storefront, each of which has its session."""
        if self.get("/o/account/email/").status_code != 200:
            self.enter(username, password, self.get("/o/sign-in/"))
        self.follow(self.get("/auth/sign-in/"))
        assert self.is_signed_in(), f"{username} could not sign in"
        return self

    def is_signed_in(self) -> bool:
        """Whether the storefront knows who this is."""
        return self.get("/orders/").status_code == 200

    def cookie(self, name: str) -> str | None:
        return next((each.value for each in self.http.cookies if each.name == name), None)
