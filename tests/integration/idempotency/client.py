"""A process of the project: sends what its arguments say to the view, and prints what came back."""

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.test import Client  # noqa: E402

from tests.integration.idempotency.models import Effect  # noqa: E402
from tests.integration.idempotency.views import came, goes_on  # noqa: E402

LIMIT = 20.0


def post(key: str, label: str = "", user: str = "ann", deed: str = "") -> list[Any]:
    headers = {"Idempotency-Key": key, "X-User": user, "X-Deed": deed}
    answer = Client().post(
        "/orders/",
        json.dumps({"label": label or key}),
        content_type="application/json",
        headers=headers,
    )
    return [answer.status_code, answer.content.decode(), answer.get("Location")]


def several(*requests: dict[str, str]) -> dict[str, Any]:
    return {"answers": [post(**request) for request in requests]}


def in_a_thread(pool: ThreadPoolExecutor, **request: Any) -> Any:
    def run() -> list[Any]:
        try:
            return post(**request)
        finally:
            connections.close_all()

    return pool.submit(run)


def first_of_two(second: str, key: str) -> dict[str, Any]:
    """A request comes while the first one with its key is not done.

    The second is `after`, which ends the first once it waits for it, or `out`, which outwaits it.
    """
    with ThreadPoolExecutor(2) as pool:
        one = in_a_thread(pool, key=key, deed="stay")
        assert came.wait(LIMIT)
        two = in_a_thread(pool, key=key)
        while second == "after" and not waits_for_a_lock() and not two.done():
            pass
        if second == "out":
            two.result(LIMIT)
        goes_on.set()
        return {"first": one.result(LIMIT), "second": two.result(LIMIT)}


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def at_once(count: int, key: str) -> dict[str, Any]:
    with ThreadPoolExecutor(count) as pool:
        sent = [in_a_thread(pool, key=key) for _ in range(count)]
        return {"answers": [each.result(LIMIT) for each in sent]}


def main() -> None:
    command, *arguments = json.loads(sys.argv[1])
    if command == "migrate":
        call_command("migrate", run_syncdb=True, verbosity=0)
        return
    deeds = {"post": several, "first_of_two": first_of_two, "at_once": at_once}
    answer = deeds[command](*arguments)
    counted = Counter(Effect.objects.values_list("label", flat=True))
    print(json.dumps(answer | {"effects": counted}))


if __name__ == "__main__":
    main()
