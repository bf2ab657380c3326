"""The mesh of a running system: rights follow the code, certificates are made and changed."""

import json
import threading
from collections.abc import Iterator

import pytest

from .conftest import Pair, remove, wait_for

pytestmark = pytest.mark.timeout(240)

CONTRACT = """
import ramet


class Right(ramet.Contract, version=1):
    @ramet.operation(deadline="10s")
    def who(self) -> str:
        "The service that calls."
"""
SERVICES = """
import ramet
from pair.right.contract import Right


@ramet.implements(Right)
class Clerk:
    def who(self) -> str:
        return str(ramet.caller().service)
"""
ASK = """
import ramet
from django.http import JsonResponse
from pair.right.contract import Right


def ask(request):
    asked = JsonResponse({"left": ramet.caller().service, "right": ramet.client(Right).who()})
    return asked
"""
HEARD = """
import ramet
from django.http import HttpResponse


def fetch(request):
    answer = ramet.fetch("right", "/right/heard/")
    return HttpResponse(answer.body, status=answer.status)
"""
URLS = """
from pair.left import asking, fetching

urlpatterns += [path("left/ask/", asking.ask), path("left/fetch/", fetching.fetch)]
"""


def write_contract(system: Pair) -> None:
    system.write("pair/right/contract.py", CONTRACT)
    system.write("pair/right/services.py", SERVICES)


def write_calls(system: Pair) -> None:
    """Have the left service call the right one, and ask for a public route of it."""
    system.write("pair/left/asking.py", ASK)
    system.write("pair/left/fetching.py", HEARD)
    urls = (system.root / "pair/left/urls.py").read_text()
    system.write("pair/left/urls.py", urls + URLS)


@pytest.fixture(scope="module")
def meshed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The running system, in which the right service offers a contract that nobody calls yet."""
    system = Pair(tmp_path_factory.mktemp("meshed") / "system")
    write_contract(system)
    try:
        system.up()
        yield system
    finally:
        remove(system)


def test_a_call_that_new_code_makes_is_allowed_as_soon_as_it_runs(meshed: Pair) -> None:
    write_calls(meshed)
    asked = {"left": "gateway", "right": "left"}
    # No answer of 403 on the way: the right is there before the code that needs it.
    seen = []

    def answered() -> bool:
        seen.append(meshed.get("/left/ask/"))
        return seen[-1] == (200, asked)

    wait_for(answered, "the new code calls")
    assert {status for status, _ in seen} <= {200, 404}
    assert meshed.get("/left/fetch/") == (200, {"heard": []})


def test_the_callers_name_cannot_be_sent_from_outside(meshed: Pair) -> None:
    import urllib.request

    url = f"http://127.0.0.1:{meshed.port}/left/ask/"
    forged = {"X-Ramet-Caller": "spiffe://pair/right", "X-Ramet-Service": "right"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=forged), timeout=10) as got:
        assert json.loads(got.read()) == {"left": "gateway", "right": "left"}


def test_code_that_goes_on_keeps_its_rights(meshed: Pair) -> None:
    """A file that does not parse shows no need of anything, also when another service is new."""
    meshed.write("pair/left/asking.py", ASK + "\ndef (")
    assert meshed.ramet("restart", "left", check=False).returncode == 1
    meshed.ramet("restart", "right")

    assert meshed.get("/left/ask/")[0] == 200

    meshed.write("pair/left/asking.py", ASK)
    meshed.ramet("restart", "left")
    assert meshed.get("/left/ask/")[0] == 200


def certificates(system: Pair) -> dict[str, str]:
    """Serial numbers by identity."""
    found = json.loads(system.ramet("certificates", "list", "--json").stdout)
    return {each["identity"]: each["serial"] for each in found}


def test_another_authority_takes_over_without_a_failed_request(meshed: Pair) -> None:
    before = certificates(meshed)
    assert set(before) == {f"spiffe://pair/{name}" for name in ("gateway", "left", "right")}
    statuses: list[int] = []
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            statuses.append(meshed.get("/left/ask/")[0])

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        assert "a new authority signs" in meshed.ramet("certificates", "rotate").stdout
        after = certificates(meshed)
        seen = len(statuses)
        wait_for(lambda: len(statuses) > seen + 5, "requests go on")
    finally:
        stop.set()
        asking.join()
    assert not set(before.values()) & set(after.values())
    assert set(statuses) == {200}


def test_the_caller_is_the_same_in_one_process(pair: Pair) -> None:
    write_contract(pair)
    write_calls(pair)
    pair.up("--as", "monolith")
    assert pair.get("/left/ask/") == (200, {"left": "gateway", "right": "left"})
    assert pair.get("/left/fetch/") == (200, {"heard": []})


def test_a_key_that_is_not_the_certificates_keeps_up_from_starting(pair: Pair) -> None:
    pair.folder.make()
    secrets = pair.folder.secrets
    (secrets / "authority.key").write_text("nothing")
    (secrets / "authority.crt").write_text("nothing")
    failed = pair.ramet("up", check=False)
    assert failed.returncode == 1
    assert f"{secrets / 'authority.key'}: certificate-unreadable" in failed.stderr
    assert "pair did not start" in failed.stderr
