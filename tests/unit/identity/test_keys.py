"""The key cache keeps the last good set, fetches once, and again for an unknown kid."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from ramet.identity import KeysUnavailable, jwks, signing
from ramet.identity.keys import COOL_DOWN_SECONDS, FRESH_SECONDS, KeyCache


class Issuer:
    """Publishes keys, or fails, and counts how often it was asked."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048)
        self.published: Mapping[str, RSAKey] = {"one": self.key}
        self.failing = False
        self.fetches = 0
        self.gate = threading.Event()
        self.gate.set()

    def fetch(self) -> Mapping[str, RSAKey]:
        self.fetches += 1
        assert self.gate.wait(10)
        if self.failing:
            raise KeysUnavailable("down")
        return self.published


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(issuer: Issuer, clock: Clock) -> KeyCache:
    return KeyCache(issuer.fetch, clock)


def test_a_known_key_is_fetched_once(cache: KeyCache, issuer: Issuer) -> None:
    assert cache.find("one") is issuer.key
    assert cache.find("one") is issuer.key
    assert issuer.fetches == 1


def test_an_unknown_kid_fetches_again_after_a_rotation(
    cache: KeyCache, issuer: Issuer, clock: Clock
) -> None:
    cache.find("one")
    clock.now += COOL_DOWN_SECONDS
    issuer.published = {"one": issuer.key, "two": issuer.key}
    assert cache.find("two") is issuer.key
    assert issuer.fetches == 2


def test_unknown_kids_cannot_make_more_fetches_than_the_cool_down_allows(
    cache: KeyCache, issuer: Issuer, clock: Clock
) -> None:
    cache.find("one")
    for number in range(100):
        assert cache.find(f"forged-{number}") is None
        clock.now += COOL_DOWN_SECONDS / 50
    assert issuer.fetches == 2


def test_the_last_good_set_survives_failed_fetches(
    cache: KeyCache, issuer: Issuer, clock: Clock
) -> None:
    cache.find("one")
    issuer.failing = True
    clock.now += COOL_DOWN_SECONDS
    assert cache.find("two") is None
    assert cache.find("one") is issuer.key


def test_before_the_first_success_the_failure_is_told(
    cache: KeyCache, issuer: Issuer, clock: Clock
) -> None:
    issuer.failing = True
    with pytest.raises(KeysUnavailable, match="down"):
        cache.find("one")
    with pytest.raises(KeysUnavailable, match="down"):
        cache.find("one")
    assert issuer.fetches == 1
    issuer.failing = False
    clock.now += 1
    assert cache.find("one") is issuer.key


def test_many_threads_make_one_fetch(cache: KeyCache, issuer: Issuer) -> None:
    issuer.gate.clear()
    found: list[RSAKey | None] = []
    threads = [threading.Thread(target=lambda: found.append(cache.find("one"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    issuer.gate.set()
    for thread in threads:
        thread.join(10)
    assert found == [issuer.key] * 20
    assert issuer.fetches == 1


def test_an_old_set_is_used_while_it_is_renewed(
    cache: KeyCache, issuer: Issuer, clock: Clock, eventually: Callable[..., object]
) -> None:
    cache.find("one")
    clock.now += FRESH_SECONDS + 1
    issuer.gate.clear()
    assert cache.find("one") is issuer.key  # does not wait for the gate
    issuer.published = {"two": issuer.key}
    issuer.gate.set()
    eventually(lambda: issuer.fetches == 2 and cache.find("two") is issuer.key)
    assert cache.find("one") is None


def test_the_generation_changes_with_the_keys_only(
    cache: KeyCache, issuer: Issuer, clock: Clock
) -> None:
    cache.find("one")
    first = cache.generation()
    clock.now += COOL_DOWN_SECONDS
    cache.find("two")
    assert cache.generation() == first
    issuer.published = {"two": issuer.key}
    clock.now += COOL_DOWN_SECONDS
    cache.find("two")
    assert cache.generation() > first


def test_a_rotated_key_file_is_read_again(key_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "keys.pem"
    signing.generate(path)
    clock = Clock()
    cache = KeyCache(lambda: signing.public_keys(path), clock)
    kid, _ = signing.public_keys(path)
    assert cache.find(kid)
    with path.open("a") as file:
        file.write(signing.load(key_file)[0])
    clock.now += COOL_DOWN_SECONDS
    *_, appended = signing.public_keys(path)
    assert cache.find(appended)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"keys": None},
        {"keys": []},
        {"keys": [None, 1]},
        {"keys": [{"kty": "RSA", "kid": "x"}]},
        {"keys": [{"kty": "oct", "kid": "x", "k": "c2VjcmV0"}]},
        {"keys": [{"kty": "RSA", "kid": "x", "n": "AQAB", "e": "AQAB"}]},
    ],
)
def test_a_document_without_a_usable_key_is_an_error(document: object) -> None:
    with pytest.raises(ValueError, match="key"):
        jwks.parse(document)


def test_only_signature_keys_with_a_name_are_taken(issuer: Issuer) -> None:
    public = issuer.key.as_dict(private=False)
    public.pop("kid", None)
    entries = [
        public,
        {**public, "kid": "sig", "use": "sig", "alg": "RS256"},
        {**public, "kid": "bare"},
        {**public, "kid": "enc", "use": "enc"},
        {**public, "kid": "other", "alg": "RS512"},
        {**issuer.key.as_dict(private=True), "kid": "private"},
    ]
    found = jwks.parse({"keys": entries})
    assert sorted(found) == ["bare", "private", "sig"]
    assert not found["private"].is_private


@pytest.mark.parametrize("url", ["", "ftp://x/y", "unix:/a", "http:///x", "file:///etc/passwd"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(KeysUnavailable, match="no address of a key set"):
        jwks.fetch(url)


def test_a_socket_that_nobody_listens_on_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeysUnavailable, match="No such file"):
        jwks.fetch(f"unix:{tmp_path}/users.mesh.sock/o/.well-known/jwks.json")
