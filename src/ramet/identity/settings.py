"""What this process accepts as a token: one dataclass, read once from the placement."""

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["IdentitySettings", "configure", "settings"]


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """Where tokens come from and whom they are for.

    `issuer` is compared with `iss` exactly (RFC 9068, section 4). `audience` is the system's name,
    or `[gateway] audience`. `jwks_url` is http(s)://… or `http+unix://<quoted socket path>/path`;
    None: the issuer's discovery document says it. `signing_keys` is the PEM file of the issuer's
    own private keys, in the issuer's process only: it then needs no fetch. `passphrase` opens them;
    None: it stands beside them (see `keyfile.passphrase_path`). `is_foreign`: the issuer is no
    service of the system, so subjects need not be ids that other services know.
    """

    issuer: str
    audience: str
    jwks_url: str | None
    signing_keys: Path | None = None
    passphrase: str | None = field(default=None, repr=False)
    token_types: frozenset[str] = frozenset({"at+jwt"})
    algorithm: str = "RS256"
    is_foreign: bool = False


_configured: IdentitySettings | None = None


def settings() -> IdentitySettings:
    """This process's settings; from `ramet.placement.here()` unless `configure` gave others."""
    global _configured
    if _configured is None:
        _configured = _of_the_placement()
    return _configured


def configure(given: IdentitySettings | None) -> None:
    """Use `given` from now on, and forget every key and verified token. `None`: read it again."""
    from ramet.identity import keys, tokens

    global _configured
    _configured = given
    keys.forget()
    tokens.forget()


def _of_the_placement() -> IdentitySettings:
    from ramet.placement import here

    place = here()
    environment = place.environment
    return IdentitySettings(
        issuer=environment.issuer,
        audience=place.system.audience,
        jwks_url=environment.jwks_url,
        signing_keys=environment.signing_keys,
        passphrase=environment.signing_keys_passphrase,
        token_types=frozenset(place.system.gateway.token_types),
        algorithm=place.system.gateway.token_algorithm,
        is_foreign=place.system.has_foreign_issuer,
    )
