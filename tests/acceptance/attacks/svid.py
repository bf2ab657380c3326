"""Certificates as an attacker would have them: forged in each way that somebody once accepted.

Made while the test runs, from keys of its own; what is signed by the system's authority stands for
what a stolen authority, or a careless one, might have signed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: an authority, or a leaf that plays one."""

    certificate: x509.Certificate
    key: Key

    @classmethod
    def read(cls, certificate: Path, key: Path) -> "Signer":
        """From PEM files; the first certificate counts."""
        loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        return cls(x509.load_pem_x509_certificates(certificate.read_bytes())[0], loaded)


@dataclass(frozen=True, slots=True)
class Papers:
    """PEM files to show at a handshake."""

    certificate: Path
    key: Path


def authority(name: str) -> Signer:
    """An authority of somebody else, which calls itself as it likes."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    usage = x509.BasicConstraints(ca=True, path_length=None)
    made = _builder(subject, subject, key).add_extension(usage, critical=True)
    return Signer(made.sign(key, hashes.SHA256()), key)


def leaf(
    folder: Path,
    names: list[x509.GeneralName],
    signer: Signer | None,
    *,
    common_name: str = "forged",
    began: timedelta = timedelta(minutes=-5),
    ends: timedelta = timedelta(hours=1),
    chain: bool = False,
) -> Papers:
    """A leaf for `names`; without a signer it signs itself, with `chain` it shows its signer."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = signer.certificate.subject if signer else _name(common_name)
    builder = _builder(_name(common_name), issuer, key, began, ends)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    made = builder.sign(signer.key if signer else key, hashes.SHA256())
    shown = [made, signer.certificate] if chain and signer else [made]
    papers = Papers(folder / "forged.crt", folder / "forged.key")
    pem = serialization.Encoding.PEM
    papers.certificate.write_bytes(b"".join(each.public_bytes(pem) for each in shown))
    papers.key.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return papers


def uri(identity: str) -> x509.GeneralName:
    """A SPIFFE id as a certificate has it."""
    return x509.UniformResourceIdentifier(identity)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: Key,
    began: timedelta = timedelta(minutes=-5),
    ends: timedelta = timedelta(hours=1),
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + began)
        .not_valid_after(now + ends)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
