"""The local authority: what it signs, when it signs anew, and which files it will not take."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from ramet.errors import DiagnosticError
from ramet.tools.local.authority import Authority
from ramet.tools.local.certificates import read_certificates

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """One that has signed nothing yet."""
    return Authority("shop", tmp_path / "secrets", tmp_path / "certificates")


def leaf(authority: Authority, service: str) -> x509.Certificate:
    return read_certificates(authority.folder / service / "tls.crt")[0]


def bundle(authority: Authority, service: str = "orders") -> list[x509.Certificate]:
    return read_certificates(authority.folder / service / "ca.crt")


def test_a_leaf_is_an_x509_svid(authority: Authority) -> None:
    """One URI, no CA, signatures only, for both sides of a connection, on P-256."""
    authority.renew(["orders"], now=NOW)
    found = leaf(authority, "orders")
    found.verify_directly_issued_by(bundle(authority)[0])
    value = found.extensions.get_extension_for_class
    names = value(x509.SubjectAlternativeName).value
    assert [each.value for each in names] == ["spiffe://shop/orders"]
    assert not value(x509.BasicConstraints).value.ca
    usage = value(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign
    assert set(value(x509.ExtendedKeyUsage).value) == {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
    }
    assert isinstance(found.public_key(), ec.EllipticCurvePublicKey)
    assert found.not_valid_after_utc == NOW + timedelta(hours=24)
    assert found.serial_number.bit_length() > 64


def test_everything_is_for_its_owner_alone(authority: Authority) -> None:
    authority.renew(["orders"], now=NOW)
    files = [authority.key_path, authority.bundle_path]
    files += [authority.folder / "orders" / name for name in ("tls.key", "tls.crt", "ca.crt")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((authority.folder / "orders").stat().st_mode) == 0o700


def test_two_systems_share_no_secret(authority: Authority, tmp_path: Path) -> None:
    other = Authority("shop", tmp_path / "other", tmp_path / "other" / "certificates")
    for each in (authority, other):
        each.renew(["orders"], now=NOW)
    assert authority.key_path.read_text() != other.key_path.read_text()
    assert leaf(authority, "orders").serial_number != leaf(other, "orders").serial_number


@pytest.mark.parametrize(("hours", "is_new"), [(0, False), (11, False), (13, True), (100, True)])
def test_a_leaf_is_renewed_past_half_its_life(
    authority: Authority, hours: int, is_new: bool
) -> None:
    authority.renew(["orders"], now=NOW)
    renewed = authority.renew(["orders"], now=NOW + timedelta(hours=hours))
    assert renewed == (["orders"] if is_new else [])


def test_certificate_and_key_change_together(authority: Authority) -> None:
    """A reader sees the old or the new three files: only one link is replaced."""
    authority.renew(["orders"], now=NOW)
    folder = authority.folder / "orders"
    before = (folder / "..data").readlink()
    authority.renew(["orders"], now=NOW + timedelta(hours=13))
    assert (folder / "..data").readlink() != before
    assert {path.name for path in folder.iterdir()} == {
        "tls.crt",
        "tls.key",
        "ca.crt",
        "..data",
        (folder / "..data").readlink().name,
    }
    for name in ("tls.crt", "tls.key", "ca.crt"):
        assert (folder / name).readlink() == Path("..data", name)


def test_another_authority_is_believed_before_it_signs(authority: Authority) -> None:
    authority.renew(["orders"], now=NOW)
    first = bundle(authority)
    later = NOW + timedelta(hours=1)
    authority.announce(now=later)
    assert authority.renew(["orders"], now=later) == []
    assert bundle(authority)[:1] == first
    assert len(bundle(authority)) == 2
    leaf(authority, "orders").verify_directly_issued_by(first[0])

    authority.promote()
    assert authority.renew(["orders"], now=later) == ["orders"]
    leaf(authority, "orders").verify_directly_issued_by(bundle(authority)[1])


def test_an_older_authority_is_believed_until_nothing_of_it_can_be_left(
    authority: Authority,
) -> None:
    authority.renew(["orders"], now=NOW)
    authority.announce(now=NOW + timedelta(hours=1))
    authority.promote()
    authority.renew(["orders"], now=NOW + timedelta(hours=26))
    assert len(bundle(authority)) == 2
    authority.renew(["orders"], now=NOW + timedelta(hours=50))
    assert len(bundle(authority)) == 1
    leaf(authority, "orders").verify_directly_issued_by(bundle(authority)[0])


def test_an_interrupted_rotation_goes_on(authority: Authority) -> None:
    authority.renew(["orders"], now=NOW)
    assert authority.announce(now=NOW) == authority.announce(now=NOW)
    authority.promote()
    assert authority.renew(["orders"], now=NOW) == ["orders"]
    assert len(bundle(authority)) == 2


def test_an_authority_is_due_a_month_before_its_end(authority: Authority) -> None:
    authority.renew([], now=NOW)
    assert not authority.is_due(now=NOW + timedelta(days=334))
    assert authority.is_due(now=NOW + timedelta(days=336))


# ── files that cannot be used ─────────────────────────────────────────────────────────────────


def test_an_expired_authority_is_told_with_file_and_remedy(authority: Authority) -> None:
    authority.renew([], now=NOW)
    with pytest.raises(DiagnosticError) as caught:
        authority.renew(["orders"], now=NOW + timedelta(days=366))
    assert str(caught.value) == (
        f"{authority.key_path}: authority-expired\n"
        "  found     an authority that expired on 2027-03-01 12:00 UTC\n"
        "  expected  one that is valid\n"
        f"  remedy    remove {authority.key_path} and {authority.bundle_path}: a new authority is "
        "made"
    )


def test_an_authority_whose_key_is_another_is_told(authority: Authority, tmp_path: Path) -> None:
    authority.renew([], now=NOW)
    other = Authority("shop", tmp_path / "other", tmp_path)
    other.renew([], now=NOW)
    authority.key_path.write_text(other.key_path.read_text())
    with pytest.raises(DiagnosticError, match="authority-key-mismatch") as caught:
        authority.renew(["orders"], now=NOW)
    assert str(authority.bundle_path) in str(caught.value)


@pytest.mark.parametrize("lost", ["key_path", "bundle_path"])
def test_half_an_authority_is_told_with_the_two_files_that_may_go(
    authority: Authority, lost: str
) -> None:
    authority.renew([], now=NOW)
    getattr(authority, lost).unlink()
    with pytest.raises(DiagnosticError, match=str(getattr(authority, lost))) as caught:
        authority.renew(["orders"], now=NOW)
    [mistake] = caught.value.mistakes
    assert mistake.remedy == (
        f"remove {authority.key_path} and {authority.bundle_path}: a new authority is made"
    )


def test_a_certificate_that_is_not_for_its_key_is_told(authority: Authority) -> None:
    authority.renew(["orders", "users"], now=NOW)
    folder = authority.folder / "orders"
    (folder / "tls.key").write_text((authority.folder / "users" / "tls.key").read_text())
    with pytest.raises(DiagnosticError) as caught:
        authority.renew(["orders"], now=NOW)
    assert str(caught.value) == (
        f"{folder / 'tls.crt'}: certificate-key-mismatch\n"
        f"  found     a certificate that is not for the key in {folder / 'tls.key'}\n"
        "  expected  a certificate and its own key\n"
        f"  remedy    remove {folder}: a new pair is made"
    )


@pytest.mark.parametrize("name", ["authority.key", "authority.crt"])
@pytest.mark.parametrize("content", [None, "", "SECRET CONTENT"])
def test_a_file_that_is_missing_or_nonsense_is_told_without_its_content(
    authority: Authority, name: str, content: str | None
) -> None:
    authority.renew([], now=NOW)
    path = authority.key_path.parent / name
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(DiagnosticError, match="certificate-unreadable") as caught:
        authority.renew(["orders"], now=NOW)
    assert str(path) in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_a_broken_leaf_is_told(authority: Authority) -> None:
    authority.renew(["orders"], now=NOW)
    (authority.folder / "orders" / "tls.key").write_text("SECRET CONTENT")
    with pytest.raises(DiagnosticError, match=r"orders/tls\.key: certificate-unreadable"):
        authority.renew(["orders"], now=NOW)
