"""The `Idempotency-Key` header for views of Django REST framework: repeated, and yet one effect.

The rules are those of the IETF draft "The Idempotency-Key HTTP Header Field",
https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/. The table, and the way
in which a key is claimed, are those of `ramet.calls.idempotency`: one mechanism for both.
"""

from ramet.idempotency.keys import KeyInUse, KeyMalformed, KeyMissing, KeyReused, key_of
from ramet.idempotency.views import commit, idempotent

__all__ = [
    "KeyInUse",
    "KeyMalformed",
    "KeyMissing",
    "KeyReused",
    "commit",
    "idempotent",
    "key_of",
]
