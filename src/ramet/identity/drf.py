"""DRF's side of identity: an authentication class and the permissions that go with it."""

from typing import Any, ClassVar

from django.http import HttpRequest
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ramet.identity import context
from ramet.identity.bearer import challenge, of_header
from ramet.identity.claims import Claims, InvalidToken, KeysUnavailable
from ramet.identity.tokens import verify
from ramet.identity.user import User

__all__ = ["HasScope", "IsSignedIn", "KeysNotReachable", "TokenAuthentication"]

_REFUSAL = "_ramet_token_refusal"


class KeysNotReachable(APIException):
    """503: the token may be good, but the issuer's keys cannot be fetched."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The keys to check the access token with cannot be fetched at the moment."
    default_code = "keys_unavailable"
    wait = 1


class TokenAuthentication(BaseAuthentication):
    """`request.user` is a `ramet.identity.User`, `request.auth` its `Claims`.

    Also binds the caller for the rest of the request, so that calls forward the token. No token:
    anonymous. A bad token: 401 with `error="invalid_token"`.
    """

    def authenticate(self, request: Request) -> tuple[User, Claims] | None:
        """See DRF; None where no Bearer token came."""
        try:
            token = of_header(request.headers.get("Authorization", ""))
            if token is None:
                return None
            claims = verify(token)
        except InvalidToken as error:
            # authenticate_header is asked later, and sees only the request.
            setattr(_django(request), _REFUSAL, error)
            detail = f"The access token was not accepted: {error.reason}."
            raise AuthenticationFailed(detail, code="invalid_token") from error
        except KeysUnavailable as error:
            raise KeysNotReachable from error
        return context.bind(claims), claims

    def authenticate_header(self, request: Request) -> str:
        """The WWW-Authenticate header of a 401."""
        return challenge(getattr(_django(request), _REFUSAL, None))


class IsSignedIn(BasePermission):
    """Allows whoever holds a valid token; 401 otherwise."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """See DRF."""
        return bool(request.user and request.user.is_authenticated)


class _ScopePermission(IsSignedIn):
    scope: ClassVar[str]

    @property
    def message(self) -> str:
        """What DRF says in the 403."""
        return f"This needs an access token with the scope {self.scope}."

    def has_permission(self, request: Request, view: Any) -> bool:
        """See DRF. Users that came otherwise than by a token have no scopes."""
        has_scope = getattr(request.user, "has_scope", None)
        return super().has_permission(request, view) and bool(has_scope and has_scope(self.scope))


def HasScope(scope: str) -> type[BasePermission]:  # noqa: N802 - reads as a class in permission_classes
    """A permission class that asks for `scope`: 401 without a token, 403 without the scope."""
    return type(f"HasScope[{scope}]", (_ScopePermission,), {"scope": scope})


def _django(request: Request) -> HttpRequest:
    return request._request
