"""The edge of a running system: TLS by the local authority, and what an operator switches."""

import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from .conftest import Pair, remove, wait_for
from .test_other_programs import SERVER

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The system with `tls = "local"` and a canary of left, running."""
    pair = Pair(tmp_path_factory.mktemp("secure") / "system")
    socket = pair.folder.run.with_suffix(".canary")
    pair.change(
        "ramet.toml",
        "[gateway]",
        f'[services.left.canary]\naddress = "{socket}"\nweight = "0%"\n\n[gateway]\ntls = "local"',
    )
    pair.write("canary.py", SERVER)
    canary = subprocess.Popen(
        [sys.executable, str(pair.root / "canary.py")],
        env={**os.environ, "RAMET_SOCKET": str(socket), "RAMET_INSTANCE": "the canary"},
    )
    try:
        pair.up()
        yield pair
    finally:
        remove(pair)
        canary.kill()
        canary.wait(10)
        socket.unlink(missing_ok=True)


def get(pair: Pair, path: str) -> tuple[int, str]:
    """Status and body of a GET by a client that trusts the local authority, and no other."""
    context = ssl.create_default_context(cafile=str(pair.folder.secrets / "authority.crt"))
    url = f"https://localhost:{pair.port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=10, context=context) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_gateway_speaks_tls_that_the_local_authority_vouches_for(secure: Pair) -> None:
    state = secure.state()
    assert state["gateway"] == f"https://localhost:{secure.port}"
    assert state["first_request_seconds"] is not None
    assert get(secure, "/left/")[0] == 200


def test_maintenance_of_one_service_leaves_the_other(secure: Pair) -> None:
    secure.ramet("maintenance", "on", "left")
    wait_for(lambda: get(secure, "/left/")[0] == 503, "left is answered for")
    assert json.loads(get(secure, "/left/")[1])["detail"] == "The service is being maintained."
    assert get(secure, "/right/")[0] == 200
    assert secure.state()["maintenance"] == ["left"]
    secure.ramet("maintenance", "off", "left")
    wait_for(lambda: get(secure, "/left/")[0] == 200, "left is served again")


def test_maintenance_of_everything_and_back(secure: Pair) -> None:
    secure.ramet("maintenance", "on")
    wait_for(lambda: {get(secure, path)[0] for path in ("/left/", "/right/")} == {503}, "all")
    secure.ramet("maintenance", "off")
    wait_for(lambda: {get(secure, path)[0] for path in ("/left/", "/right/")} == {200}, "none")


def test_a_canary_gets_what_it_is_given(secure: Pair) -> None:
    assert "canary" not in get(secure, "/left/")[1]
    secure.ramet("canary", "left", "100")
    wait_for(lambda: get(secure, "/left/") == (200, "parcels of the canary"), "the canary answers")
    secure.ramet("canary", "left", "0")
    wait_for(lambda: "canary" not in get(secure, "/left/")[1], "left answers itself")


@pytest.mark.parametrize(
    ("arguments", "reference"),
    [
        (("maintenance", "on", "nobody"), "unknown-service"),
        (("canary", "nobody", "1"), "unknown-service"),
        (("canary", "right", "1"), "no-canary"),
    ],
)
def test_what_cannot_be_switched_is_told(
    secure: Pair, arguments: tuple[str, ...], reference: str
) -> None:
    done = secure.ramet(*arguments, check=False)
    assert done.returncode == 1
    assert reference in done.stderr


def test_up_refuses_a_certificate_that_is_not_there(pair: Pair) -> None:
    pair.change(
        "ramet.toml",
        "[gateway]",
        '[gateway]\ntls = "files"\ncertificate = "tls.crt"\nkey = "tls.key"',
    )
    done = pair.ramet("up", check=False)
    assert done.returncode != 0
    assert "[gateway] certificate: certificate-unreadable" in done.stderr
    assert not pair.folder.state.exists()
