"""Certificates for a gateway under test, made while it runs and never kept."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(
    folder: Path,
    *,
    host: str = "localhost",
    began: timedelta = timedelta(minutes=-5),
    ends: timedelta = timedelta(days=1),
) -> tuple[Path, Path]:
    """Write `tls.crt`, which signs itself and is for `host` and loopback, and `tls.key`.

    Both are moved into place, the key first, as whoever renews a certificate does it.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + began)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    contents = {"tls.key": private, "tls.crt": made.public_bytes(serialization.Encoding.PEM)}
    for file, content in contents.items():
        (folder / f"{file}.draft").write_bytes(content)
        (folder / f"{file}.draft").replace(folder / file)
    return folder / "tls.crt", folder / "tls.key"
