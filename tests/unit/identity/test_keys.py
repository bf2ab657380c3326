"""The key cache keeps the last good set, fetches once, and again for an unknown kid."""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, RSAKey

from ramet.identity import KeysUnavailable, jwks, keys, signing, tokens, verify
from ramet.identity.keys import (
    COOL_DOWN_SECONDS,
    FRESH_SECONDS,
    IDLE_SECONDS,
    KEPT_SECONDS,
    KeyCache,
)
from ramet.identity.settings import IdentitySettings


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
        self.asked_by = threading.current_thread()
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
    with pytest.raises(KeysUnavailable, match="down"):
        cache.find("two")  # rotated, or made up: nobody can tell
    assert cache.find("one") is issuer.key
    issuer.failing = False
    clock.now += COOL_DOWN_SECONDS
    assert cache.find("two") is None


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


def test_an_elliptic_key_is_taken_where_that_is_the_algorithm() -> None:
    public = {**ECKey.generate_key("P-256").as_dict(private=False), "kid": "p-256"}
    other = {**ECKey.generate_key("P-384").as_dict(private=False), "kid": "p-384"}
    off_curve = {**public, "kid": "off the curve", "y": public["x"]}
    assert list(jwks.parse({"keys": [other, off_curve, public]}, "ES256")) == ["p-256"]
    with pytest.raises(ValueError, match="no RSA signature key"):
        jwks.parse({"keys": [public]})


def test_another_key_under_the_same_name_starts_a_generation(
    cache: KeyCache, issuer: Issuer, clock: Clock
) -> None:
    """Tokens that were verified with the key before are to be looked at again."""
    cache.find("one")
    first = cache.generation()
    issuer.published = {"one": RSAKey.generate_key(2048)}
    clock.now += COOL_DOWN_SECONDS
    cache.find("two")
    assert cache.generation() > first


def test_a_withdrawn_key_is_used_for_six_minutes_at_most_however_seldom_somebody_asks(
    cache: KeyCache, issuer: Issuer, clock: Clock
) -> None:
    """In the background the set is renewed only while somebody asks."""
    cache.find("one")
    issuer.published = {"two": issuer.key}
    clock.now += 6 * 60 + 1
    assert cache.find("one") is None
    assert issuer.asked_by is threading.current_thread()


def test_while_the_issuer_is_away_nobody_waits_for_it(
    cache: KeyCache, issuer: Issuer, clock: Clock, eventually: Callable[..., object]
) -> None:
    cache.find("one")
    issuer.failing = True
    for minute in range(1, 30):
        clock.now += 60
        asked = issuer.fetches
        issuer.gate.clear()
        assert cache.find("one") is issuer.key
        issuer.gate.set()
        if minute > 5:
            eventually(lambda asked=asked: issuer.fetches == asked + 1 and _is_idle(cache))


def test_the_last_good_set_is_given_up_after_a_day(
    cache: KeyCache, issuer: Issuer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Or whoever keeps the issuer from answering keeps a stolen key good for ever."""
    cache.find("one")
    generation = cache.generation()
    issuer.failing = True
    clock.now += KEPT_SECONDS
    assert cache.find("one") is issuer.key
    assert "the set of 86400 s ago stays in use" in caplog.text
    clock.now += IDLE_SECONDS + 1
    with pytest.raises(KeysUnavailable, match="down"):
        cache.find("one")
    assert "the set of 24 hours ago is given up" in caplog.text
    assert "[gateway] issuer" in caplog.text
    assert cache.generation() > generation
    issuer.failing = False
    clock.now += 1
    assert cache.find("one") is issuer.key


def test_a_child_of_a_process_that_was_fetching_is_not_held_up(
    accepted: IdentitySettings, token: Callable[..., str]
) -> None:
    """The lock is held by a thread that a fork does not take along."""
    text = token()
    verify(text)
    cache = keys._the_cache()
    with cache._flight, keys._making, tokens._seen._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            os._exit(0 if verify(text).token == text else 1)
    assert os.waitpid(child, 0)[1] == 0


def _is_idle(cache: KeyCache) -> bool:
    return not cache._renewal.locked()
