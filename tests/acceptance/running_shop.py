"""A running copy of the shop, driven as its users drive it: command line, gateway, and SQL."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg
import requests

from ramet.tools.local import ports
from ramet.tools.local.folder import Folder

ROOT = Path(__file__).resolve().parents[2]
RAMET = Path(sys.executable).with_name("ramet")
SETTLED = {"confirmed", "cancelled"}


@dataclass
class RunningShop:
    """The shop in a folder of its own, on ports of its own."""

    folder: Path
    placement: str
    port: int = field(default_factory=lambda: ports.unused(2))
    tokens: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    changes: dict[str, str] = field(default_factory=dict)
    """What stands in the shop's ramet.toml, and what shall stand there instead."""

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def demo_password(self) -> str:
        """What the demo people sign in with."""
        return (self.folder / ".ramet" / "secrets" / "demo-password").read_text().strip()

    # ── the command line ──────────────────────────────────────────────────────────────────────

    def prepare(self) -> None:
        """Copy the shop of the checkout, without the state of one that runs there."""
        shutil.copytree(
            ROOT / "shop",
            self.folder,
            ignore=shutil.ignore_patterns(".ramet", "__pycache__", "*.sqlite3*", ".pytest_cache"),
        )
        toml = self.folder / "ramet.toml"
        text, changed = re.subn(
            r'listen\s*=\s*"127\.0\.0\.1:8000"',
            f'listen = "127.0.0.1:{self.port}"',
            toml.read_text(),
        )
        assert changed == 1, "shop/ramet.toml no longer listens where this test expects it"
        for before, after in self.changes.items():
            assert before in text, f"shop/ramet.toml no longer says {before}"
            text = text.replace(before, after)
        toml.write_text(text)

    def ramet(self, *arguments: str, timeout: float = 120, check: bool = True) -> str:
        """Run one `ramet` command in the shop's folder and return what it printed."""
        done = subprocess.run(
            [str(RAMET), *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith(("RAMET_", "DJANGO_"))},
                **self.environment,
            },
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"ramet {' '.join(arguments)} exited {done.returncode}\n"
                f"{done.stdout}\n{done.stderr}"
            )
        return done.stdout

    def up(self) -> str:
        return self.ramet("up", "--detach", "--as", self.placement)

    def down(self) -> None:
        self.ramet("down")

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Up for as long as the block lasts; then it must leave no process behind."""
        self.prepare()
        self.up()
        pids = [process["pid"] for process in self.processes()]
        try:
            yield self
        finally:
            pids += [process["pid"] for process in self.processes()]
            self.down()
            self.forget()
        # A process that is being started again has no pid at the moment.
        left = [pid for pid in set(pids) - {None} if psutil.pid_exists(pid)]
        assert not left, f"`ramet down` left processes behind: {left}"

    def forget(self) -> None:
        """Delete what the system keeps outside its folder (as root: PostgreSQL's data)."""
        Folder(self.folder).forget()

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.ramet("status", "--json"))
        return answer

    def state(self) -> dict[str, Any]:
        """What the supervisor wrote last: far cheaper than `ramet status`, and with the secrets."""
        found: dict[str, Any] = json.loads((self.folder / ".ramet" / "state.json").read_text())
        return found

    def processes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.state()["processes"]
        return found

    # ── the public API ────────────────────────────────────────────────────────────────────────

    def token(self, user: str = "alice") -> str:
        """An access token of a demo user; asked for anew well before its five minutes are over."""
        cached = self.tokens.get(user)
        if cached is None or float(cached.split(" ", 1)[0]) < time.monotonic():
            token = self.ramet("token", user).strip()
            self.tokens[user] = cached = f"{time.monotonic() + 200} {token}"
        return cached.split(" ", 1)[1]

    def signing_key(self) -> str:
        """The key that signs access tokens, as PEM: for those who play its thief."""
        code = (
            "from oauth2_provider.settings import oauth2_settings;"
            "print(oauth2_settings.OIDC_RSA_PRIVATE_KEY)"
        )
        printed = self.ramet("manage", "users", "--", "shell", "-c", code)
        pem = re.search(r"-----BEGIN.*-----END [A-Z ]+-----", printed, re.DOTALL)
        assert pem is not None, printed
        return pem[0]

    def call(
        self, method: str, path: str, *, user: str | None = "alice", **options: Any
    ) -> requests.Response:
        headers = dict(options.pop("headers", {}))
        http = options.pop("by", requests)
        if user is not None:
            headers.setdefault("Authorization", f"Bearer {self.token(user)}")
        answer: requests.Response = http.request(
            method, self.url + path, headers=headers, timeout=30, allow_redirects=False, **options
        )
        return answer

    def get(self, path: str, **options: Any) -> Any:
        answer = self.call("GET", path, **options)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def order(
        self,
        *lines: tuple[str, int],
        payment_token: str = "tok_ok",
        user: str = "alice",
        key: str | None = None,
        **headers: str,
    ) -> requests.Response:
        return self.call(
            "POST",
            "/api/v1/orders/",
            user=user,
            json={
                "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
                "payment_token": payment_token,
            },
            headers={"Idempotency-Key": key or str(uuid.uuid4()), **headers},
        )

    def place(self, *lines: tuple[str, int], **options: Any) -> str:
        """Place an order that must be accepted, and return its id."""
        answer = self.order(*lines, **options)
        assert answer.status_code == 202, f"{answer.status_code} {answer.text}"
        body = answer.json()
        assert body["status"] == "pending"
        return str(body["id"])

    def settled(self, order: str, *, user: str = "alice", within: float = 30) -> dict[str, Any]:
        """Wait until the order is confirmed or cancelled, through restarts of the gateway too."""
        deadline = time.monotonic() + within
        last: Any = None
        while time.monotonic() < deadline:
            try:
                answer = self.call("GET", f"/api/v1/orders/{order}/", user=user)
                last = answer.text
                if answer.status_code == 200 and answer.json()["status"] in SETTLED:
                    settled: dict[str, Any] = answer.json()
                    return settled
            except requests.RequestException as error:
                last = error
            time.sleep(0.1)
        raise AssertionError(f"order {order} did not settle within {within} s: {last}")

    def product(self, sku: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/v1/products/{sku}/", user=None)
        return found

    def in_stock(self, at_least: int, count: int = 1) -> list[str]:
        """Return skus with at least so many pieces, those with most first."""
        found, path = [], "/api/v1/products/"
        while path:
            page = self.get(path, user=None)
            found += page["results"]
            following = page["next"]
            path = following[following.index("/api/") :] if following else None
        found.sort(key=lambda product: -product["stock"])
        skus = [product["sku"] for product in found if product["stock"] >= at_least]
        assert len(skus) >= count, f"fewer than {count} products have {at_least} pieces"
        return skus[:count]

    def with_stock(self, pieces: int) -> str:
        """Have the staff add a product with exactly so many pieces, and return its sku."""
        sku = f"TEST-{uuid.uuid4().hex[:8].upper()}"
        answer = self.call(
            "POST",
            "/api/v1/products/",
            user="erin",
            json={
                "sku": sku,
                "name": "A scarce thing",
                "description": "Made for a test.",
                "category": "Test",
                "price": {"amount": "12.50", "currency": "EUR"},
                "stock": pieces,
            },
        )
        assert answer.status_code == 201, f"{answer.status_code} {answer.text}"
        return sku

    # ── the databases ─────────────────────────────────────────────────────────────────────────

    def sql(self, service: str, query: str) -> list[tuple[Any, ...]]:
        """Read from the database in which a service's tables live, in this placement."""
        databases = self.state()["databases"]
        group = service if service in databases else next(iter(databases))
        with psycopg.connect(databases[group]) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]
