"""The round trip: a new Django project, with nothing set for it, behind the real gateway.

Envoy's configuration and Django's settings are made from one ramet.toml; here it shows that they
mean the same: who is asked for, over what, and from which page.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import eventually
from tests.integration.gateway import papers
from tests.integration.gateway.harness import Edge

TOML = """\
[system]
name     = "site"
settings = "site1.settings"

[services.admin]
apps   = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.admin"]
routes = ["/admin/"]

[gateway]
listen = "127.0.0.1:{port}"
tls    = "{tls}"
"""
SIGN_IN = "/admin/login/"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `startproject` makes, without DEBUG, and the lines that Ramet asks for."""
    folder = tmp_path_factory.mktemp("site")
    _run(["-m", "django", "startproject", "site1", str(folder)])
    settings = folder / "site1" / "settings.py"
    text = settings.read_text().replace("DEBUG = True", "DEBUG = False")
    settings.write_text(text + "\nimport ramet\nramet.place(globals())\n")
    urls = folder / "site1" / "urls.py"
    urls.write_text(
        urls.read_text() + "\nimport ramet\nurlpatterns = [*ramet.urls(), *urlpatterns]\n"
    )
    (folder / "ramet.toml").write_text(TOML.format(port=8000, tls="off"))
    _run(["manage.py", "migrate"], cwd=folder)
    _run(
        ["manage.py", "createsuperuser", "--noinput", "--username=ada", "--email=a@example.org"],
        cwd=folder,
        DJANGO_SUPERUSER_PASSWORD="a long word",
    )
    return folder


def _without_django() -> dict[str, str]:
    """The environment, but for what these tests themselves run with."""
    return {name: value for name, value in os.environ.items() if "DJANGO" not in name}


def _run(arguments: list[str], cwd: Path | None = None, **environ: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=_without_django() | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", params=["local", "off"], ids=["TLS", "plain HTTP on loopback"])
def site(
    request: pytest.FixtureRequest, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Edge]:
    """The gateway, and the project's web process behind it."""
    tls: str = request.param
    edge = Edge(
        routes={"admin": ("/admin/",)},
        with_issuer=False,
        gateway={"tls": tls},
        certificate=papers.certificate(tmp_path_factory.mktemp("tls")) if tls == "local" else None,
    )
    edge.start()
    edge.upstreams.pop("admin").stop()
    toml = project / "ramet.toml"
    toml.write_text(TOML.format(port=edge.port, tls=tls))
    socket = edge.folder / "admin.web.sock"
    web = subprocess.Popen(
        [sys.executable, "-m", "ramet.processes", "web"],
        cwd=project,
        env=_without_django()
        | {
            "DJANGO_SETTINGS_MODULE": "site1.settings",
            "RAMET_TOML": str(toml),
            "RAMET_SERVICES": "admin",
            # As `ramet up` says it.
            "RAMET_PUBLIC_URL": edge.system.gateway.public_url,
            "RAMET_SOCKET": str(socket),
        },
    )
    try:
        eventually(lambda: socket.is_socket() and edge.get(SIGN_IN).status == 200, within=60)
        yield edge
    finally:
        web.terminate()
        web.wait(20)
        edge.stop()


class Browser(requests.Session):
    """Keeps cookies as a browser does: those that are Secure go over https alone."""

    def __init__(self, edge: Edge) -> None:
        super().__init__()
        self.edge = edge
        self.trust_env = False
        self.verify = str(edge.certificate[0]) if edge.certificate else True

    def send_form(self, path: str, origin: str | None = None, **fields: str) -> requests.Response:
        """Open a form and send it in, as from a page of `origin`."""
        url = self.edge.system.gateway.public_url
        page = self.get(url + path, timeout=20)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, page.text
        return self.post(
            url + path,
            {"csrfmiddlewaretoken": token[1], **fields},
            headers={"Origin": origin or url, "Referer": f"{origin or url}{path}"},
            timeout=20,
            allow_redirects=False,
        )


def sign_in(browser: Browser, **more: Any) -> requests.Response:
    return browser.send_form(SIGN_IN, username="ada", password="a long word", **more)


def test_a_form_with_its_token_is_taken_and_signs_in(site: Edge) -> None:
    browser = Browser(site)
    answer = sign_in(browser)
    assert (answer.status_code, answer.headers["location"]) == (302, "/accounts/profile/")
    page = browser.get(site.system.gateway.public_url + "/admin/", timeout=20)
    assert "Log out" in page.text


def test_cookies_are_secure_exactly_where_the_browser_speaks_tls(site: Edge) -> None:
    browser = Browser(site)
    sign_in(browser)
    assert {cookie.name: cookie.secure for cookie in browser.cookies} == dict.fromkeys(
        ("csrftoken", "sessionid"), site.system.gateway.speaks_tls
    )


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost", "null"])
def test_a_form_of_another_origin_is_refused(site: Edge, origin: str) -> None:
    answer = sign_in(Browser(site), origin=origin)
    assert answer.status_code == 403
    assert "CSRF" in answer.text


def test_the_same_host_without_tls_is_another_origin(site: Edge) -> None:
    url = site.system.gateway.public_url
    other = url.replace("https", "http") if site.certificate else url.replace("http", "https")
    assert sign_in(Browser(site), origin=other).status_code == 403


def test_a_form_without_its_token_is_refused(site: Edge) -> None:
    url = site.system.gateway.public_url
    answer = Browser(site).post(
        url + SIGN_IN, {"username": "ada"}, headers={"Origin": url}, timeout=20
    )
    assert answer.status_code == 403


def test_a_foreign_host_is_not_believed(site: Edge) -> None:
    assert site.get(SIGN_IN, Host="evil.example").status == 400
    answer = site.get(SIGN_IN, X_Forwarded_Host="evil.example")
    assert answer.status == 200
    assert b"evil" not in answer.body


def test_django_knows_what_the_browser_spoke(site: Edge) -> None:
    """An absolute redirect of Django's carries scheme and host as it believes them to be."""
    browser = Browser(site)
    url = site.system.gateway.public_url
    answer = browser.get(f"{url}/admin", headers={"X-Forwarded-Proto": "ftp"}, timeout=20)
    assert answer.url == f"{url}/admin/login/?next=/admin/"


def test_static_files_are_kept_for_a_year(site: Edge) -> None:
    page = Browser(site).get(site.system.gateway.public_url + SIGN_IN, timeout=20)
    found = re.search(r'href="(/admin/static/admin/css/base\.[0-9a-f]{12}\.css)"', page.text)
    assert found, page.text
    answer = site.get(found[1])
    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
