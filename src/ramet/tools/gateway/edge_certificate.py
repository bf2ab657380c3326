"""The user's certificate, looked at before Envoy is: its refusal would only be a line in its log.

A running Envoy keeps the old certificate where a new one is no good.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from ramet.errors import DiagnosticError, Mistake
from ramet.system import Gateway

__all__ = ["require_usable"]


def require_usable(gateway: Gateway, *, now: datetime | None = None) -> None:
    """Raise DiagnosticError, naming the setting, for files of `tls = "files"` that Envoy cannot use
    or that no browser would take for `public_url`."""
    if gateway.certificate is None or gateway.key is None:
        return
    mistakes: list[Mistake] = []
    leaf = _certificate(gateway.certificate, mistakes)
    key = _key(gateway.key, mistakes)
    if leaf is not None:
        mistakes += _unfit(leaf, gateway, now or datetime.now(UTC))
    if leaf is not None and key is not None and leaf.public_key() != key.public_key():
        mistakes.append(
            Mistake(
                "certificate-key-mismatch",
                where="[gateway] key",
                found=f"{gateway.key}, which is not the key of {gateway.certificate}",
                expected="the private key that the certificate was made for",
                remedy="Correct key or certificate; renew both together.",
            )
        )
    if mistakes:
        raise DiagnosticError(*mistakes)


def _unfit(leaf: x509.Certificate, gateway: Gateway, now: datetime) -> Iterator[Mistake]:
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        expired = now > leaf.not_valid_after_utc
        when = leaf.not_valid_after_utc if expired else leaf.not_valid_before_utc
        yield Mistake(
            "certificate-expired" if expired else "certificate-not-yet-valid",
            where="[gateway] certificate",
            found=f"{gateway.certificate}, which "
            f"{'expired' if expired else 'begins'} on {when:%Y-%m-%d %H:%M} UTC",
            expected="a certificate that is valid now",
            remedy="Renew it; then look at this machine's clock.",
        )
    if not _is_for(leaf, gateway.public_host):
        yield Mistake(
            "certificate-of-another-name",
            where="[gateway] certificate",
            found=f"{gateway.certificate}, which is for {', '.join(_names(leaf)) or 'no name'}",
            expected=f"a certificate for {gateway.public_host}, where browsers go",
            remedy="Correct public_url in [gateway], or the certificate.",
        )


def _is_for(leaf: x509.Certificate, host: str) -> bool:
    """As RFC 9525, section 6.3: a star stands for one label, the first."""
    names = _names(leaf)
    return host in names or f"*.{host.partition('.')[2]}" in names


def _names(leaf: x509.Certificate) -> list[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = found.get_values_for_type(x509.IPAddress)
    names: list[str] = found.get_values_for_type(x509.DNSName)
    return [*(name.lower() for name in names), *map(str, addresses)]


def _certificate(path: Path, mistakes: list[Mistake]) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())[0]
    except (OSError, ValueError) as error:
        mistakes.append(_unreadable("certificate", path, error, "one or more certificates in PEM"))
        return None


def _key(path: Path, mistakes: list[Mistake]) -> PrivateKeyTypes | None:
    try:
        return serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        expected = "a private key in PEM, without a passphrase"
        mistakes.append(_unreadable("key", path, error, expected))
        return None


def _unreadable(name: str, path: Path, error: Exception, expected: str) -> Mistake:
    # What a parser says about a key may quote it.
    why = (error.strerror or "unreadable") if isinstance(error, OSError) else "something else"
    return Mistake(
        f"{name}-unreadable",
        where=f"[gateway] {name}",
        found=f"{path}: {why}",
        expected=expected,
        remedy=f"Put it there, or correct {name} in ramet.toml.",
    )
