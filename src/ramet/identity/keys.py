"""The issuer's public keys as this process knows them.

Three rules, each from an outage somebody had: a failed fetch never empties the set (the last good
one stays); many threads that need keys at once make one fetch (single flight); an unknown `kid`
fetches again, because the issuer may have rotated, but not more often than the cool-down allows,
because anybody can send an unknown `kid`.
"""

import logging
import time
from collections.abc import Callable, Mapping
from threading import Lock, Thread

from joserfc.jwk import RSAKey

from ramet.identity import jwks, signing
from ramet.identity.claims import KeysUnavailable
from ramet.identity.settings import settings

__all__ = ["KeyCache", "find", "forget", "generation"]

log = logging.getLogger(__name__)

FRESH_SECONDS = 300.0
COOL_DOWN_SECONDS = 10.0
# Before the first success nothing works, and at a common start the issuer may be a second late.
FIRST_COOL_DOWN_SECONDS = 1.0


class KeyCache:
    """Keys by `kid`, fetched by `fetch`, which raises KeysUnavailable; safe from any thread.

    `clock` is monotonic seconds.
    """

    def __init__(
        self,
        fetch: Callable[[], Mapping[str, RSAKey]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._flight = Lock()
        self._keys: Mapping[str, RSAKey] | None = None
        self._failure: KeysUnavailable | None = None
        self._tried_at = float("-inf")
        self._fetched_at = float("-inf")
        self._generation = 0

    def generation(self) -> int:
        """Grows whenever the set of keys changes; old answers that rest on it are then void."""
        self._refresh_if_stale()
        return self._generation

    def find(self, kid: str) -> RSAKey | None:
        """The key named `kid`, or None where the issuer publishes none of that name.

        Raises KeysUnavailable where no fetch has ever succeeded.
        """
        self._refresh_if_stale()
        known = self._keys
        if known is None or kid not in known:
            self._fetch_once(seen_at=self._clock())
            known = self._keys
        if known is None:
            raise self._failure or KeysUnavailable("the issuer's keys were never fetched")
        return known.get(kid)

    def _refresh_if_stale(self) -> None:
        """Fetch in the background: a set that is a little old still verifies, nobody waits."""
        now = self._clock()
        stale = self._keys is not None and now - self._fetched_at > FRESH_SECONDS
        if stale and self._may_try(now) and not self._flight.locked():
            Thread(target=self._fetch_once, args=(now,), name="identity-keys", daemon=True).start()

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
                # 2. The last good set stays.
                self._failure = failure
                log.warning("the issuer's keys could not be fetched: %s", failure)
                return
            # 3. Keys first, then the generation: a reader between the two re-verifies for nothing,
            #    the other way round it would store an old answer under the new generation.
            changed = self._keys is None or fetched.keys() != self._keys.keys()
            self._keys = fetched
            self._fetched_at = self._clock()
            if changed:
                self._generation += 1


_cache: KeyCache | None = None
_making = Lock()


def find(kid: str) -> RSAKey | None:
    """The key `kid` of this process's issuer; see `KeyCache.find`."""
    return _the_cache().find(kid)


def generation() -> int:
    """See `KeyCache.generation`."""
    return _the_cache().generation()


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


def _source() -> Callable[[], Mapping[str, RSAKey]]:
    given = settings()
    path = given.signing_keys
    if path is not None:
        # The issuer's own process asks nobody: it would be asking itself.
        return lambda: signing.public_keys(path, given.passphrase)
    return lambda: jwks.fetch(given.jwks_url)
