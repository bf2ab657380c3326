"""Who did what, on the running shop; and that its secrets are nowhere but where they belong."""

import json
import stat
import subprocess
import uuid
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests.acceptance.running_shop import RunningShop
from tests.conftest import eventually

pytestmark = [
    pytest.mark.parametrize("shop", ["services"], indirect=True),
    pytest.mark.timeout(300),  # each `ramet audit` starts a Django for each database that it asks
]


def audit(shop: RunningShop, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shop.ramet("audit", "list", *arguments, "--json"))
    return found


def user_id(shop: RunningShop, name: str) -> str:
    return str(shop.sql("users", f"SELECT id FROM users_user WHERE username = '{name}'")[0][0])


def test_a_purchase_and_its_cancellation_can_be_told_from_the_log(shop: RunningShop) -> None:
    request = f"test-{uuid.uuid4().hex}"
    order = shop.place((shop.in_stock(3)[0], 1))
    assert shop.settled(order)["status"] == "confirmed"
    answer = shop.call("POST", f"/api/v1/orders/{order}/cancel/", headers={"X-Request-Id": request})
    assert answer.status_code in (200, 202)
    alice = user_id(shop, "alice")
    (asked,) = audit(shop, "orders", "--action=order.cancel-requested", f"--subject={order}")
    assert (asked["subject"], asked["user"]) == (order, alice)
    assert asked["via"] == f"POST /api/v1/orders/{order}/cancel/"
    assert (asked["service"], asked["caller"]) == ("orders", "gateway")
    entries = f"SELECT 1 FROM ramet_audit_entry WHERE subject = '{order}'"
    eventually(lambda: shop.sql("payments", entries), within=40)
    (refund,) = audit(shop, "payments", f"--subject={order}")
    assert refund["action"] == "payment.refunded"
    assert refund["via"].endswith("Payments.refund")
    assert refund["caller"] == "orders"
    assert asked["request_id"], "the gateway gives each request an id"
    # The saga that pays back goes on with the id of the request that asked for it.
    assert refund["request_id"] == asked["request_id"]
    together = audit(shop, f"--request-id={asked['request_id']}")
    assert {"orders", "payments"} <= {each["service"] for each in together}


def test_a_change_of_the_catalogue_says_who_changed_what(shop: RunningShop) -> None:
    sku = shop.with_stock(7)
    answer = shop.call("PATCH", f"/api/v1/products/{sku}/", user="erin", json={"stock": 3})
    assert answer.status_code == 200
    (entry,) = [
        each
        for each in audit(shop, "products", "--action=product.changed", "--limit=20")
        if each["facts"]["sku"] == sku
    ]
    assert (entry["user"], entry["facts"]["stock"]) == (user_id(shop, "erin"), 3)


def test_somebody_without_the_scope_is_noted_and_reading_is_not(shop: RunningShop) -> None:
    sku = shop.in_stock(1)[0]
    before = len(audit(shop, "products", "--limit=1000"))
    for _ in range(3):
        shop.get(f"/api/v1/products/{sku}/")
    assert len(audit(shop, "products", "--limit=1000")) == before
    answer = shop.call("PATCH", f"/api/v1/products/{sku}/", json={"stock": 1000})
    assert answer.status_code == 403
    refused = audit(shop, "products", "--action=refused")[-1]
    assert refused["user"] == user_id(shop, "alice")
    assert refused["via"] == f"PATCH /api/v1/products/{sku}/"


def test_an_operators_replay_names_the_operator(shop: RunningShop) -> None:
    with psycopg.connect(shop.state()["databases"]["users"]) as connection:
        connection.execute(
            "INSERT INTO ramet_events_inbox (handler, event_id, type, key, time, payload, headers,"
            " state, finished_at) VALUES ('a', gen_random_uuid(), 'a', 'audited', now(), '{}',"
            " '{}', 'dead', now())"
        )
    shop.ramet("events", "discard", "--service=users", "--key=audited")
    (entry,) = audit(shop, "users", "--action=events.discarded")
    assert entry["user"].startswith("os:")
    assert entry["via"] == "manage.py ramet_events"
    assert entry["facts"]["key"] == "audited"


def test_the_log_is_sealed_by_the_worker_and_found_whole(shop: RunningShop) -> None:
    shop.with_stock(1)
    verdicts = eventually(
        lambda: [
            each
            for each in json.loads(shop.ramet("audit", "verify", "products", "--json"))
            if each["unsealed"] == 0
        ],
        within=40,
        every=1,  # each is a Django that starts
    )
    assert verdicts[0]["broken"] == []
    assert verdicts[0]["entries"] > 0
    assert "entries are as they were sealed" in shop.ramet("audit", "verify", "products")
    assert verdicts[0]["head"] in (shop.folder / ".ramet/log/products-worker.log").read_text()


def test_a_service_that_is_broken_into_cannot_change_its_past(shop: RunningShop) -> None:
    for statement in ("DELETE FROM ramet_audit_entry", "UPDATE ramet_audit_entry SET action = 'x'"):
        with (
            psycopg.connect(shop.state()["databases"]["products"]) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
        ):
            connection.execute(statement)


def _secrets(shop: RunningShop) -> set[str]:
    """Every secret of this system that is a line of text."""
    state = shop.state()
    urls = [state["broker"], *state["brokers"].values(), *state["databases"].values()]
    found = {url.split("://")[1].split("@")[0].split(":", 1)[1] for url in urls}
    for path in (shop.folder / ".ramet/secrets").rglob("*"):
        if path.is_file():
            lines = path.read_text(errors="replace").splitlines()
            found |= {line for line in lines if len(line) >= 12 and "-----" not in line}
    assert len(found) > 12
    return found


def test_secrets_are_in_no_log_no_answer_and_on_no_command_line(shop: RunningShop) -> None:
    assert shop.settled(shop.place((shop.in_stock(1)[0], 1)))
    shop.call("POST", "/api/v1/orders/?token=x", user=None)
    known = _secrets(shop)
    places = {path: path.read_text(errors="replace") for path in _files(shop, "log", "envoy")}
    for arguments in (("status", "--json"), ("logs",), ("explain", "orders", "products.reserve")):
        places[Path(" ".join(arguments))] = shop.ramet(*arguments, check=False)
    pids = [process["pid"] for process in shop.processes() if process["pid"]]
    for pid in pids:
        places[Path(f"command line of {pid}")] = " ".join(psutil.Process(pid).cmdline())
    assert len(pids) > 10
    for place, text in places.items():
        assert not [secret for secret in known if secret in text], f"a secret is in {place}"


def _files(shop: RunningShop, *folders: str) -> list[Path]:
    found = [
        path
        for folder in folders
        for path in (shop.folder / ".ramet" / folder).rglob("*")
        if path.is_file()
    ]
    assert found
    return found


def test_what_has_a_secret_can_be_read_by_its_owner_alone(shop: RunningShop) -> None:
    folder = shop.folder / ".ramet"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in (folder / "state.json", folder / "nats/nats.conf", *_files(shop, "secrets")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_git_would_take_none_of_it(shop: RunningShop) -> None:
    subprocess.run(["git", "init", "-q"], cwd=shop.folder, check=True)
    assert "secret-in-file" not in shop.ramet("check", check=False)
    url = shop.state()["databases"]["orders"]
    (shop.folder / "compose.yaml").write_text(f"url: {url}\n")
    assert "compose.yaml:1: secret-in-file" in shop.ramet("check", check=False)
    (shop.folder / "compose.yaml").unlink()
