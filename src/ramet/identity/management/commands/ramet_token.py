"""`manage.py ramet_token USERNAME`: an access token to try an API with, where the issuer lives."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from ramet.errors import DiagnosticError
from ramet.identity import issuing, signing
from ramet.identity.settings import settings
from ramet.placement import here

__all__ = ["Command"]

_CLIENT = "ramet-token"
_LONGEST_SECONDS = 3600


class Command(BaseCommand):
    """Prints the token alone, so that a shell can take it: `TOKEN=$(... ramet_token alice)`."""

    help = "Print an access token of a user, with the scopes that the user may have."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """See Django."""
        parser.add_argument("username")
        parser.add_argument(
            "--scope", action="append", help="only this scope; may be given several times"
        )
        parser.add_argument(
            "--lifetime",
            type=int,
            default=issuing.LIFETIME_SECONDS,
            metavar="SECONDS",
            help=f"default {issuing.LIFETIME_SECONDS}, at most {_LONGEST_SECONDS}",
        )

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        """Print the token, or say what is in the way."""
        accepted = settings()
        if accepted.signing_keys is None:
            issuer = here().system.gateway.issuer
            raise CommandError(
                "The issuer does not live in this process, so it has no keys to sign with. Run it "
                f"for the service {issuer!r}: ramet manage {issuer} -- ramet_token {username}"
            )
        if not 0 < options["lifetime"] <= _LONGEST_SECONDS:
            raise CommandError(f"--lifetime must be from 1 to {_LONGEST_SECONDS} seconds.")
        model = get_user_model()
        try:
            user = model._default_manager.get_by_natural_key(username)
        except model.DoesNotExist:
            raise CommandError(f"There is no user named {username!r}.") from None
        if not user.is_active:
            raise CommandError(f"The user {username!r} is deactivated.")
        try:
            pem = signing.load(accepted.signing_keys, accepted.passphrase)[0]
        except DiagnosticError as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(
            issuing.issue(
                pem,
                issuer=accepted.issuer,
                audience=accepted.audience,
                subject=str(user.pk),
                client_id=_CLIENT,
                scopes=_scopes(user, options["scope"]),
                username=user.get_username(),
                lifetime=options["lifetime"],
            )
        )


def _scopes(user: Any, wanted: list[str] | None) -> frozenset[str]:
    # Imported here: it needs the provider's app, which only the issuer's process has.
    from oauth2_provider.settings import oauth2_settings

    allowed = oauth2_settings.OAUTH2_VALIDATOR_CLASS.allowed_scopes(user)
    granted = frozenset(allowed) & frozenset(oauth2_settings.SCOPES)
    if wanted is None:
        return granted
    if refused := sorted(set(wanted) - granted):
        raise CommandError(
            f"{user.get_username()} may not have {', '.join(refused)}. "
            f"Possible: {', '.join(sorted(granted))}. "
            "A scope is given by adding the user to the group of the same name."
        )
    return frozenset(wanted)
