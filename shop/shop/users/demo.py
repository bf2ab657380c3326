"""Two customers, one member of staff, and the storefront as an OAuth client."""

from secrets import token_urlsafe
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from oauth2_provider.models import Application

from ramet.placement import here
from shop.users import services
from shop.users.models import User

PEOPLE: list[dict[str, Any]] = [
    {"username": "alice", "first_name": "Alice", "last_name": "Archer"},
    {"username": "bob", "first_name": "Bob", "last_name": "Baker"},
    {"username": "erin", "first_name": "Erin", "last_name": "Ermine", "is_staff": True},
]


@transaction.atomic
def load() -> None:
    """Add what is missing. People who exist keep their password and their changes.

    The password is RAMET_DEMO_PASSWORD, or else made up and printed: none is known to everybody.
    """
    missing = [
        person for person in PEOPLE if not User.objects.filter(username=person["username"]).exists()
    ]
    password = here().environment.demo_password
    if missing and not password:
        password = token_urlsafe(9)
        names = ", ".join(person["username"] for person in missing)
        print(f"password of the demo users {names}: {password}")
    for person in missing:
        email = f"{person['username']}@shop.example"
        user = services.create(email=email, password=password, **person)
        if user.is_staff:
            # A group's name is the scope that its members may lend to a client.
            user.groups.add(Group.objects.get_or_create(name="products:write")[0])
    for person in User.objects.filter(username__in=[person["username"] for person in PEOPLE]):
        services.confirm_address(person)
    register_storefront(here().environment.public_url)


def register_storefront(public_url: str) -> None:
    """Make the storefront known as a public client (it can keep no secret, so PKCE protects it)."""
    Application.objects.update_or_create(
        client_id="storefront",
        defaults={
            "name": "Grove",
            "client_type": Application.CLIENT_PUBLIC,
            "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
            "redirect_uris": f"{public_url}/auth/callback/",
            "post_logout_redirect_uris": f"{public_url}/",
            "algorithm": Application.RS256_ALGORITHM,
            "client_secret": "",
            # It is the shop itself: asking its customers for their consent would be noise.
            "skip_authorization": True,
        },
    )
