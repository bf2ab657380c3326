"""What a verified access token says, and the one error for a token that must not be believed."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

__all__ = ["Claims", "InvalidToken", "KeysUnavailable"]


@dataclass(frozen=True, slots=True)
class Claims:
    """The verified content of one access token (RFC 9068, section 2.2).

    `subject` is the user's id at the issuer, or the client's own id where a program acts for
    itself; `username` is "" there. `user_id` is the user's id in this system (see `subjects`), None
    for a program. `expires_at` is UTC. `token` is the raw text, kept so that a call can forward it;
    it never appears in `repr`, hence not in logs.
    """

    subject: str
    scopes: frozenset[str]
    client_id: str
    username: str
    expires_at: datetime
    user_id: UUID | None
    token: str = field(repr=False)


class InvalidToken(Exception):
    """The token is not to be believed: 401 with `error="invalid_token"` (RFC 6750, section 3.1).

    `reason` is one sentence for whoever holds the token; it never quotes the token.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class KeysUnavailable(Exception):
    """The issuer's keys cannot be fetched, and what is known decides nothing: 503, the token may be
    good."""
