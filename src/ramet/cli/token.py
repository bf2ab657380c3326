"""Print an access token of a demo user, for trying requests."""

from __future__ import annotations

from typing import Annotated

from ramet.cli._local import here
from ramet.cli._parameters import Argument, Option


def command(
    user: Annotated[str, Argument(help="A user name, such as alice.")],
    scope: Annotated[list[str] | None, Option(help="A scope to ask for; repeatable.")] = None,
) -> None:
    """Print an access token that the running system accepts; local system only.

    Use it as `curl -H "Authorization: Bearer $(ramet token alice)" ...`.
    """
    from ramet.cli import manage
    from ramet.errors import DiagnosticError, Mistake

    system, _ = here()
    issuer = system.gateway.issuer
    if issuer not in system.services:
        raise DiagnosticError(
            Mistake(
                reference="foreign-issuer",
                where="[gateway] issuer",
                found=f"{issuer or 'no issuer'}, which is no service of this system",
                expected="a service that signs the tokens itself",
                remedy="ask that issuer for a token",
            )
        )
    scopes = [part for name in scope or [] for part in ("--scope", name)]
    manage.command(str(issuer), ["ramet_token", user, *scopes])
