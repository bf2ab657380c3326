"""`request.user` without a table of users: built from the claims of a verified token.

Both classes answer what Django and DRF ask of a user. Neither can be saved: the user's row lives in
the issuer's database only.
"""

from typing import Literal
from uuid import UUID

from ramet.identity.claims import Claims

__all__ = ["Anonymous", "User"]


class User:
    """Somebody with a valid token. Equal to another `User` with the same subject."""

    is_authenticated: Literal[True] = True
    is_anonymous: Literal[False] = False
    is_active = True
    is_staff = False
    is_superuser = False

    def __init__(self, claims: Claims) -> None:
        self.claims = claims

    @property
    def id(self) -> UUID:
        """The user's id. ValueError where the subject is no user's: a program that acts for itself
        (client credentials) is nobody's user."""
        if self.claims.user_id is None:
            raise ValueError(
                f"the subject {self.claims.subject!r} of this token is not a user's id (a UUID). "
                "If programs may call this too, use user.pk or user.claims.client_id."
            )
        return self.claims.user_id

    @property
    def is_person(self) -> bool:
        """Whether this is somebody with an `id`, and no program that acts for itself."""
        return self.claims.user_id is not None

    @property
    def pk(self) -> UUID | str:
        """The id, or the bare subject of a program; for throttles and logs."""
        return self.claims.user_id or self.claims.subject

    @property
    def username(self) -> str:
        """The sign-in name; the client's id where a program acts for itself."""
        return self.claims.username or self.claims.client_id

    def get_username(self) -> str:
        """Django's name for `username`."""
        return self.username

    def has_scope(self, scope: str) -> bool:
        """Whether the token grants `scope`, e.g. "products:write"."""
        return scope in self.claims.scopes

    # Django's permissions are rows of the issuer's database; here, scopes are the permissions.
    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Always False: ask `has_scope`."""
        return False

    def has_perms(self, perms: list[str], obj: object = None) -> bool:
        """False unless nothing is asked for."""
        return not perms

    def has_module_perms(self, app_label: str) -> bool:
        """Always False: ask `has_scope`."""
        return False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, User) and other.claims.subject == self.claims.subject

    def __hash__(self) -> int:
        return hash(self.claims.subject)

    def __str__(self) -> str:
        return self.username

    def __repr__(self) -> str:
        return f"<User {self.username} {self.claims.subject}>"


class Anonymous:
    """Nobody: no token came with the request."""

    is_authenticated: Literal[False] = False
    is_person: Literal[False] = False
    is_anonymous: Literal[True] = True
    is_active = False
    is_staff = False
    is_superuser = False
    id: None = None
    pk: None = None
    username = ""

    def get_username(self) -> str:
        """Always ""."""
        return ""

    def has_scope(self, scope: str) -> bool:
        """Always False."""
        return False

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Always False."""
        return False

    def has_perms(self, perms: list[str], obj: object = None) -> bool:
        """False unless nothing is asked for."""
        return not perms

    def has_module_perms(self, app_label: str) -> bool:
        """Always False."""
        return False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Anonymous)

    def __hash__(self) -> int:
        return hash(Anonymous)

    def __str__(self) -> str:
        return "Anonymous"

    __repr__ = __str__
