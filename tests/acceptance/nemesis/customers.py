"""The load: customers who place, cancel and read orders, and remember what they were promised.

Bounded in number and pace. A customer to whom the shop does not answer does what a good client
does: the same request again, with the same key.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.acceptance.running_shop import SETTLED, RunningShop

CUSTOMERS = 4
PAUSE = 0.6
"""Seconds between two deeds of one customer, on average."""

CARDS = ["tok_ok"] * 12 + ["tok_declined"] * 3 + ["tok_flaky"] * 3 + ["tok_slow"] * 2

AWAY = {500, 502, 503, 504}
"""What may be answered while something is broken. Anything else is a promise, or a mistake."""


@dataclass(slots=True)
class Bought:
    """An order that the shop has taken: it may not be lost, nor be there twice."""

    id: str
    user: str
    key: str
    cancelled: bool = False
    """The shop has taken the cancellation."""
    seen: str = "pending"


@dataclass(slots=True)
class Crowd:
    """All customers and what they know."""

    shop: RunningShop
    seed: int
    plenty: str
    scarce: list[str]
    bought: list[Bought] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Promises that were not kept, in words."""
    waiting: dict[str, str] = field(default_factory=dict)
    """By the thread that waits for an answer: since when, and what it got instead of one."""
    unanswered: int = 0
    deeds: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)
    _tokens: dict[str, tuple[float, str]] = field(default_factory=dict, repr=False)

    def begin(self) -> None:
        """Sign in, and let them in."""
        for user in ("alice", "bob"):
            self._sign_in(user)
        # Not waited for at the end: it starts a Django for each token, which a busy machine delays.
        threading.Thread(target=self._stay_signed_in, name="tokens", daemon=True).start()
        self._threads = [
            threading.Thread(
                target=self._shop_around, args=(number,), name=f"customer {number}", daemon=True
            )
            for number in range(CUSTOMERS)
        ]
        for thread in self._threads:
            thread.start()

    def end(self, within: float, clock: Callable[[], float]) -> None:
        """Close the door. Whoever waits for an answer has so many seconds on `clock` to get it."""
        deadline = clock() + within
        self._stop.set()
        while clock() < deadline and any(thread.is_alive() for thread in self._threads):
            time.sleep(0.1)
        if late := [thread.name for thread in self._threads if thread.is_alive()]:
            self.broken.append(f"no answer within {within:g} s after healing: {late}")

    def check(self) -> None:
        """Look at every order once more, now that all is well; note what was not kept."""
        for order in self.bought:
            end = self._read(order)
            if end is None:
                self.broken.append(f"order {order.id} cannot be read")
                return  # each of the others might be waited for as long
            if order.cancelled and end["status"] != "cancelled":
                self.broken.append(
                    f"order {order.id} is {end['status']}, its cancellation was taken"
                )

    def known(self) -> list[str]:
        """What a person should know who looks into a failure."""
        counted = f"{len(self.bought)} orders taken, {self.unanswered} requests repeated"
        return [*self.broken, *self.waiting.values(), counted]

    # ── a customer ────────────────────────────────────────────────────────────────────────────

    def _shop_around(self, number: int) -> None:
        chance = random.Random(f"{self.seed}/customer {number}")
        user = ("alice", "bob")[number % 2]
        mine: list[Bought] = []
        while not self._stop.wait(chance.uniform(0.2, 2 * PAUSE - 0.2)):
            deed = chance.random()
            try:
                if deed < 0.5 or not mine:
                    mine += self._place(chance, user)
                elif deed < 0.62:
                    self._cancel(chance.choice(mine[-4:]))
                else:
                    self._read(chance.choice(mine))
            except Exception as error:  # noqa: BLE001 - a bug here must not end a customer unseen
                self.broken.append(f"the customer failed: {error!r}")
            self.deeds += 1

    def _place(self, chance: random.Random, user: str) -> list[Bought]:
        key = str(uuid.UUID(int=chance.getrandbits(128)))
        sku = chance.choice([self.plenty] * 4 + self.scarce)
        lines = [(sku, chance.randint(1, 2))]
        card = chance.choice(CARDS)
        is_twice = chance.random() < 0.25

        def order() -> requests.Response:
            return self._order(lines, card, user, key)

        if is_twice:
            # At the same time: two requests, one order.
            answers: list[requests.Response | None] = []
            other = threading.Thread(
                target=lambda: answers.append(self._until_answered(order)),
                name=f"{threading.current_thread().name}, the same again",
                daemon=True,
            )
            other.start()
            first = self._until_answered(order)
            other.join()
            answers.append(first)
        else:
            answers = [self._until_answered(order)]
        ids = {
            answer.json()["id"] for answer in answers if answer is not None and self._is_202(answer)
        }
        if len(ids) > 1:
            self.broken.append(f"two orders for the key {key}: {ids}")
        found = [Bought(id, user, key) for id in ids]
        with self._lock:
            self.bought += found
        return found

    def _cancel(self, order: Bought) -> None:
        path = f"/api/v1/orders/{order.id}/cancel/"
        answer = self._until_answered(lambda: self._call("POST", path, order.user))
        if answer is not None and self._is_202(answer):
            order.cancelled = True

    def _read(self, order: Bought) -> dict[str, Any] | None:
        path = f"/api/v1/orders/{order.id}/"
        answer = self._until_answered(lambda: self._call("GET", path, order.user))
        if answer is None:
            return None
        if answer.status_code != 200:
            self.broken.append(f"GET {path}: {answer.status_code} {answer.text[:300]}")
            return None
        body: dict[str, Any] = answer.json()
        status = body["status"]
        if order.seen == "cancelled" and status != "cancelled":
            self.broken.append(f"order {order.id} was cancelled and is {status}")
        if order.seen in SETTLED and status == "pending":
            self.broken.append(f"order {order.id} was {order.seen} and is pending again")
        order.seen = status
        return body

    # ── requests ──────────────────────────────────────────────────────────────────────────────

    def _until_answered(self, request: Callable[[], requests.Response]) -> requests.Response | None:
        """Repeat a request until the shop has an answer; None after 2 minutes without one."""
        deadline = time.monotonic() + 120
        who, since = threading.current_thread().name, time.strftime("%X", time.gmtime())
        while time.monotonic() < deadline:
            try:
                answer = request()
                if answer.status_code not in AWAY:
                    self.waiting.pop(who, None)
                    return answer
                got = f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
            except requests.RequestException as error:
                got = repr(error)
            self.waiting[who] = f"{who} waits since {since}, and got {got[:500].rstrip()}"
            self.unanswered += 1
            time.sleep(0.3)  # a client's pace between two attempts
        return None

    def _is_202(self, answer: requests.Response) -> bool:
        if answer.status_code != 202:
            self.broken.append(
                f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:300]}"
            )
        return answer.status_code == 202

    def _order(
        self, lines: list[tuple[str, int]], card: str, user: str, key: str
    ) -> requests.Response:
        body = {
            "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
            "payment_token": card,
        }
        headers = {"Idempotency-Key": key}
        return self._call("POST", "/api/v1/orders/", user, json=body, headers=headers)

    def _call(self, method: str, path: str, user: str, **options: Any) -> requests.Response:
        headers = {**options.pop("headers", {}), "Authorization": f"Bearer {self._tokens[user][1]}"}
        return requests.request(
            method,
            self.shop.url + path,
            headers=headers,
            timeout=20,
            allow_redirects=False,
            **options,
        )

    # ── tokens ────────────────────────────────────────────────────────────────────────────────

    def _stay_signed_in(self) -> None:
        """Ask for new tokens long before the old ones' five minutes are over, until it succeeds."""
        while not self._stop.wait(2):
            for user, (since, _) in tuple(self._tokens.items()):
                if time.monotonic() - since > 120:
                    try:
                        self._sign_in(user)
                    except Exception:  # noqa: BLE001 - the database may be away; again in 2 s
                        continue

    def _sign_in(self, user: str) -> None:
        asked = time.monotonic()
        self._tokens[user] = (asked, self.shop.ramet("token", user, timeout=180).strip())
