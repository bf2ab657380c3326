"""The gateway's certificate for `tls = "local"`: for this machine's names, by a local authority.

Whoever opens the gateway trusts the authority's certificate (`curl --cacert`, a browser's list), or
is warned. Nobody else believes it, and its key stays in `.ramet/secrets`.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ramet.tools.local import certificates
from ramet.tools.local.authority import Authority

_LIFETIME = timedelta(days=90)
_SKEW = timedelta(minutes=5)
_NAMES = ("localhost", "127.0.0.1", "::1")


def ensure(authority: Authority, folder: Path, host: str) -> tuple[Path, Path]:
    """`tls.crt` and `tls.key` in `folder`, good for `host` too; made anew past half their life."""
    signer, signing_key = authority.signer()
    certificate, key = folder / "tls.crt", folder / "tls.key"
    names = tuple(dict.fromkeys((*_NAMES, host)))
    if _is_due(certificate, key, signer, names):
        leaf, leaf_key = _issue(signer, signing_key, names)
        chain = certificates.pem(leaf) + certificates.pem(signer)
        certificates.write(folder, {"tls.crt": chain, "tls.key": certificates.key_pem(leaf_key)})
    return certificate, key


def _is_due(
    certificate: Path, key: Path, authority: x509.Certificate, names: tuple[str, ...]
) -> bool:
    try:
        leaf = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
        found = serialization.load_pem_private_key(key.read_bytes(), None)
        leaf.verify_directly_issued_by(authority)
    except (OSError, ValueError, InvalidSignature):
        return True  # not there, not whole, or of another authority: all ours to make anew
    rest = leaf.not_valid_after_utc - datetime.now(UTC)
    has_names = (
        _alternatives(names)
        == leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    )
    return not has_names or leaf.public_key() != found.public_key() or rest < _LIFETIME / 2


def _issue(
    authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey, names: tuple[str, ...]
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(min(now + _LIFETIME, authority.not_valid_after_utc))
        .add_extension(_alternatives(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    return leaf, key


def _alternatives(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_alternative(name) for name in names])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
