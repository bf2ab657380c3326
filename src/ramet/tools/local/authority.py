"""The local authority: certificates for the mesh of one checkout, which nobody else believes.

In production cert-manager, SPIRE or the like writes files of the same names. A leaf is an
X.509-SVID (https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md): one URI SAN, for
signatures only, good for 24 hours and replaced at half of that. No key is ever logged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.local import certificates
from ramet.tools.local.files import write_private

LEAF_LIFETIME = timedelta(hours=24)
AUTHORITY_LIFETIME = timedelta(days=365)
_ROTATED_BEFORE_END = timedelta(days=30)
_SKEW = timedelta(minutes=5)
"""How far a clock may be behind the one that signs."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One service's certificate, as `ramet certificates` shows it."""

    service: str
    identity: str
    not_after: datetime
    serial: str


class Authority:
    """Signs the certificates of `system`; its own files are in `secrets`, those of services below
    `folder` as `<folder>/<service>/{tls.crt,tls.key,ca.crt}`.

    `authority.crt` holds every authority that is believed: during a rotation, two. Methods raise
    DiagnosticError, naming file and remedy, for files that cannot be used.
    """

    def __init__(self, system: str, secrets: Path, folder: Path) -> None:
        self.system = system
        self.folder = folder
        self.key_path = secrets / "authority.key"
        self.next_key_path = secrets / "authority.next.key"
        self.bundle_path = secrets / "authority.crt"

    def renew(self, services: Iterable[str], *, now: datetime | None = None) -> list[str]:
        """Write what is missing, past half its life or of an older authority; names whose it was.

        Those who believe in too few or too many authorities get the new list along.
        """
        now = now or datetime.now(UTC)
        key, signer, bundle = self._authority(now)
        trusted = "".join(certificates.pem(certificate) for certificate in bundle)
        renewed = []
        for service in services:
            folder = self.folder / service
            if self._is_due(folder, signer, now):
                leaf, leaf_key = _leaf(self.identity(service), service, key, signer, now)
                files = {
                    "tls.crt": certificates.pem(leaf),
                    "tls.key": certificates.key_pem(leaf_key),
                }
                renewed.append(service)
            elif (folder / "ca.crt").read_text(encoding="utf-8") == trusted:
                continue
            else:
                files = {
                    name: (folder / name).read_text(encoding="utf-8")
                    for name in ("tls.crt", "tls.key")
                }
            certificates.write(folder, {**files, "ca.crt": trusted})
        return renewed

    def announce(self, *, now: datetime | None = None) -> int:
        """First half of a rotation: make the next authority, believed from the next `renew` on.

        Its serial number. One that was announced before and never signed is the next one still.
        """
        now = now or datetime.now(UTC)
        _, _, bundle = self._authority(now)
        if self.next_key_path.exists():
            announced = certificates.read_key(self.next_key_path)
            for certificate in bundle:
                if certificates.belongs(certificate, announced):
                    return certificate.serial_number
        key, certificate = _authority(self.system, now)
        write_private(self.next_key_path, certificates.key_pem(key))
        self._write_bundle([*bundle, certificate])
        return certificate.serial_number

    def promote(self) -> None:
        """Second half, when everybody believes it: the next authority signs from now on."""
        self.next_key_path.replace(self.key_path)

    def is_due(self, *, now: datetime | None = None) -> bool:
        """Whether the authority itself ends within a month."""
        now = now or datetime.now(UTC)
        _, signer, _ = self._authority(now)
        return signer.not_valid_after_utc - now < _ROTATED_BEFORE_END

    def signer(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """The certificate and the key that sign now; made where there are none."""
        key, certificate, _ = self._authority(datetime.now(UTC))
        return certificate, key

    def leaves(self) -> list[Leaf]:
        """The certificates that services have now, by name."""
        return [
            Leaf(path.parent.name, _identity(leaf), leaf.not_valid_after_utc, _serial(leaf))
            for path in sorted(self.folder.glob("*/tls.crt"))
            for leaf in certificates.read_certificates(path)[:1]
        ]

    @property
    def domain(self) -> str:
        """The SPIFFE id of the authority itself: the trust domain."""
        return f"spiffe://{self.system}"

    def identity(self, service: str) -> str:
        """The SPIFFE id of a service."""
        return f"{self.domain}/{service}"

    def _authority(
        self, now: datetime
    ) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate, list[x509.Certificate]]:
        """Key and certificate that sign, and all that are believed; made where there are none."""
        if not self.key_path.exists() and not self.bundle_path.exists():
            key, certificate = _authority(self.system, now)
            self.key_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write_bundle([certificate])
            write_private(self.key_path, certificates.key_pem(key))
        try:
            found = certificates.read_key(self.key_path)
            bundle = certificates.read_certificates(self.bundle_path)
        except DiagnosticError as error:
            [mistake] = error.mistakes
            # Killed between the two, say. Nothing else of the folder need go, least of all by hand.
            raise self._unusable(
                mistake.reference, f"{mistake.where}: {mistake.found}", mistake.expected
            ) from None
        signer = next((each for each in bundle if certificates.belongs(each, found)), None)
        if signer is None or not isinstance(found, ec.EllipticCurvePrivateKey):
            raise self._unusable(
                "authority-key-mismatch",
                f"a key that is not the one of a certificate in {self.bundle_path}",
                "the key of the authority",
            )
        if signer.not_valid_after_utc <= now:
            raise self._unusable(
                "authority-expired",
                f"an authority that expired on {signer.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
                "one that is valid",
            )
        believed = [each for each in bundle if _is_believed(each, signer, now)]
        if believed != bundle:
            self._write_bundle(believed)
        return found, signer, believed

    def _unusable(self, reference: str, found: str, expected: str) -> DiagnosticError:
        return DiagnosticError(
            Mistake(
                reference,
                where=str(self.key_path),
                found=found,
                expected=expected,
                remedy=f"remove {self.key_path} and {self.bundle_path}: a new authority is made",
            )
        )

    def _is_due(self, folder: Path, signer: x509.Certificate, now: datetime) -> bool:
        if not (folder / "tls.crt").exists() or not (folder / "tls.key").exists():
            return True
        leaf = certificates.read_certificates(folder / "tls.crt")[0]
        if not certificates.belongs(leaf, certificates.read_key(folder / "tls.key")):
            raise DiagnosticError(
                Mistake(
                    reference="certificate-key-mismatch",
                    where=str(folder / "tls.crt"),
                    found=f"a certificate that is not for the key in {folder / 'tls.key'}",
                    expected="a certificate and its own key",
                    remedy=f"remove {folder}: a new pair is made",
                )
            )
        if _identity(leaf) != self.identity(folder.name) or not (folder / "ca.crt").exists():
            return True
        try:
            leaf.verify_directly_issued_by(signer)
        except (InvalidSignature, ValueError):
            return True
        return leaf.not_valid_after_utc - now < LEAF_LIFETIME / 2

    def _write_bundle(self, bundle: Iterable[x509.Certificate]) -> None:
        write_private(
            self.bundle_path, "".join(certificates.pem(certificate) for certificate in bundle)
        )


def _is_believed(certificate: x509.Certificate, signer: x509.Certificate, now: datetime) -> bool:
    """An older authority goes with the last leaf that it can have signed."""
    if certificate.not_valid_after_utc <= now:
        return False
    is_older = certificate.not_valid_before_utc < signer.not_valid_before_utc
    return not is_older or now < signer.not_valid_before_utc + _SKEW + 2 * LEAF_LIFETIME


def _authority(system: str, now: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"local authority of {system}")])
    certificate = (
        _builder(name, name, key, f"spiffe://{system}", now, AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _leaf(
    identity: str,
    service: str,
    authority_key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    now: datetime,
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, service)])
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        _builder(name, authority.subject, key, identity, now, LEAF_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    return certificate, key


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    identity: str,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _identity(leaf: x509.Certificate) -> str:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    return ", ".join(names.get_values_for_type(x509.UniformResourceIdentifier))


def _serial(leaf: x509.Certificate) -> str:
    return f"{leaf.serial_number:x}"
