"""DRF's side of identity: an authentication class and the permissions that go with it."""

from functools import reduce
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request

from ramet.identity import context
from ramet.identity.bearer import challenge, of_header
from ramet.identity.claims import Claims, InvalidToken, KeysUnavailable
from ramet.identity.tokens import verify
from ramet.identity.user import User

__all__ = [
    "HasScope",
    "IsPerson",
    "IsSignedIn",
    "KeysNotReachable",
    "OwnedBy",
    "Public",
    "TokenAuthentication",
]

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


class Public(AllowAny):
    """Allows everybody, on purpose: DRF's AllowAny may be meant so, or be its default.

    What comes of it is an AllowAny that carries a mark, and no instance of this class: other
    programs, such as drf-spectacular, look for that very class.
    """

    def __new__(cls) -> AllowAny:  # type: ignore[misc]  # see above
        """An AllowAny."""
        allowed = AllowAny()
        vars(allowed)["is_on_purpose"] = True
        return allowed


class IsSignedIn(BasePermission):
    """Allows whoever holds a valid token; 401 otherwise."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """See DRF."""
        return bool(request.user and request.user.is_authenticated)


class IsPerson(IsSignedIn):
    """Allows people with a valid token: 401 without one, 403 to a program that acts for itself."""

    message = "This is for people; the access token is a program's own."

    def has_permission(self, request: Request, view: Any) -> bool:
        """See DRF. Users that came otherwise than by a token are people."""
        return super().has_permission(request, view) and getattr(request.user, "is_person", True)


class _OwnerPermission(IsPerson):
    """Also a filter backend of DRF."""

    field: ClassVar[str]

    def has_permission(self, request: Request, view: Any) -> bool:
        """See DRF. Narrows the view, which is made for this request, to what is the user's."""
        if not super().has_permission(request, view):
            return False
        # DRF asks permissions about single objects only: without this, a list would show it all.
        view.filter_backends = [*getattr(view, "filter_backends", ()), type(self)]
        return True

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        """See DRF; 404, because a 403 would tell that there is such an object."""
        if reduce(getattr, self.field.split("__"), obj) != request.user.pk:
            raise Http404
        return True

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        """See DRF's filter backends."""
        return queryset.filter(**{self.field: request.user.pk})


def OwnedBy(field: str) -> type[BasePermission]:  # noqa: N802 - as HasScope
    """A permission class for what belongs to people: others get 404, and do not see it in lists.

    `field` is the model's field with the id of its owner, also over relations
    ("order__customer_id"). Lists and single objects of generic views are both narrowed, whatever
    their `get_queryset` gives; a view that fetches for itself has to call `filter_queryset`, or
    `check_object_permissions`.
    """
    return type(f"OwnedBy[{field}]", (_OwnerPermission,), {"field": field})


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
