"""Who may use the parts of the API that belong to somebody."""

from typing import Any

from rest_framework.request import Request

from ramet.identity.drf import IsSignedIn


class IsPerson(IsSignedIn):
    """Allows people with a valid token. A program that acts for itself owns no orders: 403."""

    message = "This is for people; the access token is a program's own."

    def has_permission(self, request: Request, view: Any) -> bool:
        """See DRF."""
        return super().has_permission(request, view) and is_person(request.user)


def is_person(user: Any) -> bool:
    """Whether a caller is a user: then the subject of the token is a user's id."""
    try:
        return user.id is not None
    except ValueError:
        return False
