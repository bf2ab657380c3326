"""The signing key is rotated while people sign in and call services: no request fails.

Through the real Envoy, which keeps the key set for five minutes and does not look again for a key
that it does not know. The time that a key has to be published first is stepped over by hand: in the
file it looks older than it is. Envoy has known it since it started.
"""

import threading

import pytest

from ramet.identity import signing
from ramet.identity.rotation import PUBLISHED_FIRST, rotate
from tests.conftest import eventually
from tests.integration.identity.papers import Papers
from tests.integration.identity.test_provider import parts
from tests.unit.identity.test_rotation import age


@pytest.fixture
def own() -> Papers:
    """A system whose keys nobody else needs."""
    system = Papers()
    try:
        yield system.start()
    finally:
        system.stop()


def test_a_rotation_under_load_fails_no_request(own: Papers) -> None:
    old, coming = signing.public_keys(own.keys)
    failures: list[str] = []
    signed_by: list[str] = []
    stop = threading.Event()

    def use() -> None:
        granted = own.sign_in("alice")
        while not stop.is_set():
            token = granted["access_token"]
            for path in ("/notes/", "/o/userinfo/"):
                answer = own.get(path, token=token)
                if answer.status != 200:
                    failures.append(f"{path} {answer.status} {answer.body!r}")
            renewed = own.refresh(granted["refresh_token"])
            if renewed.status != 200:
                failures.append(f"refresh {renewed.status} {renewed.body!r}")
                return
            granted = renewed.json()
            signed_by.append(parts(granted["access_token"])[0]["kid"])

    first = own.sign_in("alice")
    users = [threading.Thread(target=use, daemon=True) for _ in range(2)]
    for user in users:
        user.start()
    try:
        eventually(lambda: signed_by.count(old) > 5, within=30, what="tokens of the old key")
        age(own.keys, PUBLISHED_FIRST)
        rotate(own.keys)
        eventually(lambda: signed_by.count(coming) > 10, within=30, what="tokens of the new key")
    finally:
        stop.set()
        for user in users:
            user.join(30)
    assert not failures
    assert set(signed_by) == {old, coming}
    # What was signed before still counts, and the ID token still ends the session.
    assert own.get("/notes/", token=first["access_token"]).status == 200
    gone = own.get(f"/o/logout/?id_token_hint={first['id_token']}")
    assert gone.status == 302
    published = own.get("/o/.well-known/jwks.json").json()["keys"]
    assert [key["kid"] for key in published] == [*signing.public_keys(own.keys)]
    assert len(published) == 3
