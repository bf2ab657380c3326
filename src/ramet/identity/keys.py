"""The issuer's public keys as this process knows them.

Four rules, each from an outage or a break-in that somebody had: a failed fetch never empties the
set (the last good one stays, for a day); many threads that need keys at once make one fetch (single
flight); an unknown `kid` fetches again, because the issuer may have rotated, but not more often
than the cool-down allows, because anybody can send an unknown `kid`; and a set that nobody has
looked after for long is renewed before it is used, because a key may have been withdrawn.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping
from threading import Lock, Thread

from ramet.identity import discovery, jwks, signing
from ramet.identity.claims import KeysUnavailable
from ramet.identity.jwks import Key
from ramet.identity.settings import settings

__all__ = ["KeyCache", "are_missing", "find", "forget", "generation", "prepare"]

log = logging.getLogger(__name__)

FRESH_SECONDS = 300.0
# Nobody asked for a token to be checked for so long, so nobody renewed the set either. It is little
# more than above, because for so long a withdrawn key may be believed.
IDLE_SECONDS = FRESH_SECONDS + 60
# How long an issuer may be away. Who keeps it away must not keep a withdrawn key good for ever.
KEPT_SECONDS = 24 * 3600.0
COOL_DOWN_SECONDS = 10.0
# Before the first success nothing works, and at a common start the issuer may be a second late.
FIRST_COOL_DOWN_SECONDS = 1.0


class KeyCache:
    """Keys by `kid`, fetched by `fetch`, which raises KeysUnavailable; safe from any thread.

    `clock` is monotonic seconds.
    """

    def __init__(
        self,
        fetch: Callable[[], Mapping[str, Key]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._flight = Lock()
        self._renewal = Lock()
        self._keys: Mapping[str, Key] | None = None
        self._failure: KeysUnavailable | None = None
        self._tried_at = float("-inf")
        self._fetched_at = float("-inf")
        self._generation = 0

    def generation(self) -> int:
        """Grows whenever the set of keys changes; old answers that rest on it are then void."""
        self._renew_if_old()
        return self._generation

    def find(self, kid: str) -> Key | None:
        """The key named `kid`, or None where the issuer publishes none of that name.

        Raises KeysUnavailable where that cannot be known: no fetch has succeeded for a day, or the
        last one failed and the set before has no such key.
        """
        self._renew_if_old()
        known = self._keys
        if known is None or kid not in known:
            self._fetch_once(seen_at=self._clock())
            known = self._keys
        found = None if known is None else known.get(kid)
        failure = self._failure
        if found is None and (known is None or failure is not None):
            raise failure or KeysUnavailable("the issuer's keys were never fetched")
        return found

    def prepare(self) -> None:
        """Have keys before anybody asks for one. A failure is told by `are_missing`."""
        if self._keys is None:
            self._fetch_once(seen_at=self._clock())

    @property
    def are_missing(self) -> bool:
        """Whether keys were asked for, and there are none."""
        return self._keys is None and self._failure is not None

    def _renew_if_old(self) -> None:
        now = self._clock()
        if self._keys is None or now - self._fetched_at <= FRESH_SECONDS or not self._may_try(now):
            return
        if now - self._tried_at > IDLE_SECONDS:
            self._fetch_once(seen_at=now)
        else:
            self._renew_behind(now)

    def _renew_behind(self, now: float) -> None:
        """Fetch in the background: a set that is a little old still verifies, nobody waits."""
        if not self._renewal.acquire(blocking=False):
            return

        def renew() -> None:
            try:
                self._fetch_once(seen_at=now)
            finally:
                self._renewal.release()

        try:
            Thread(target=renew, name="identity-keys", daemon=True).start()
        except RuntimeError:  # no more threads, or the interpreter is about to end
            renew()

    def _may_try(self, now: float) -> bool:
        pause = FIRST_COOL_DOWN_SECONDS if self._keys is None else COOL_DOWN_SECONDS
        return now - self._tried_at >= pause

    def _fetch_once(self, seen_at: float) -> None:
        with self._flight:
            # 1. Whoever waited for the lock finds the attempt of the one before: no second fetch.
            if not self._may_try(seen_at):
                return
            self._tried_at = self._clock()
            try:
                fetched = self._fetch()
            except KeysUnavailable as failure:
                self._failed(failure)
                return
            # 3. Keys first, then the generation: a reader between the two re-verifies for nothing,
            #    the other way round it would store an old answer under the new generation.
            before, self._keys = self._keys, fetched
            self._fetched_at = self._clock()
            self._failure = None
            if before is None or not _are_same(before, fetched):
                self._generation += 1

    def _failed(self, failure: KeysUnavailable) -> None:
        # 2. The last good set stays.
        self._failure = failure
        age = self._clock() - self._fetched_at
        if self._keys is None:
            now = "every token is answered with 503 until they can"
        elif age <= KEPT_SECONDS:
            now = f"the set of {age:.0f} s ago stays in use"
        else:
            now = f"the set of {age / 3600:.0f} hours ago is given up"
            self._keys = None
            self._generation += 1
        log.warning("the keys of [gateway] issuer could not be fetched: %s; %s", failure, now)


def _are_same(one: Mapping[str, Key], other: Mapping[str, Key]) -> bool:
    """By content: an issuer may put another key under the same name."""
    return one.keys() == other.keys() and all(
        key.thumbprint() == other[kid].thumbprint() for kid, key in one.items()
    )


_cache: KeyCache | None = None
_making = Lock()


def find(kid: str) -> Key | None:
    """The key `kid` of this process's issuer; see `KeyCache.find`."""
    return _the_cache().find(kid)


def generation() -> int:
    """See `KeyCache.generation`."""
    return _the_cache().generation()


def prepare() -> None:
    """See `KeyCache.prepare`."""
    _the_cache().prepare()


def are_missing() -> bool:
    """See `KeyCache.are_missing`."""
    return _the_cache().are_missing


def forget() -> None:
    """Drop every key; the next token fetches."""
    global _cache
    with _making:
        _cache = None


def _the_cache() -> KeyCache:
    global _cache
    cache = _cache
    if cache is None:
        with _making:
            if _cache is None:
                _cache = KeyCache(_source())
            cache = _cache
    return cache


def _source() -> Callable[[], Mapping[str, Key]]:
    given = settings()
    path, url = given.signing_keys, given.jwks_url
    if path is not None:
        # The issuer's own process asks nobody: it would be asking itself.
        return lambda: signing.public_keys(path, given.passphrase)
    if url is not None:
        return lambda: jwks.fetch(url, given.algorithm)
    # Each time anew: a provider may move its keys.
    return lambda: jwks.fetch(discovery.jwks_url(given.issuer), given.algorithm)


def _begin_anew() -> None:
    """In a forked child: its parent's threads, which may hold the locks, are not here."""
    global _making, _cache
    _making, _cache = Lock(), None


os.register_at_fork(after_in_child=_begin_anew)
