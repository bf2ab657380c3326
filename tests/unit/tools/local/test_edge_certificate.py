"""The certificate for `tls = "local"`: what a client that trusts the authority accepts."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from ramet.tools.local import edge_certificate
from ramet.tools.local.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A checkout's folder of secrets."""
    found = Folder(tmp_path)
    found.secrets.mkdir(parents=True)
    return found


def names(path: Path) -> list[str]:
    """What a certificate is for."""
    [leaf, *_] = x509.load_pem_x509_certificates(path.read_bytes())
    alternatives = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(each.value) for each in alternatives]


def test_it_is_for_every_name_of_this_machine_and_for_the_public_one(folder: Folder) -> None:
    certificate, _ = edge_certificate.ensure(folder, "shop.test")
    assert names(certificate) == ["localhost", "127.0.0.1", "::1", "shop.test"]


def test_certificate_and_key_fit_and_nobody_else_may_read_the_key(folder: Folder) -> None:
    certificate, key = edge_certificate.ensure(folder, "localhost")
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    private = [path for path in folder.secrets.iterdir() if b"PRIVATE KEY" in path.read_bytes()]
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}


def test_it_is_kept_while_it_is_good(folder: Folder) -> None:
    certificate, _ = edge_certificate.ensure(folder, "localhost")
    before = certificate.read_bytes()
    edge_certificate.ensure(folder, "localhost")
    assert certificate.read_bytes() == before


SPOILT: dict[str, Callable[[Path, Path], object]] = {
    "half a file": lambda certificate, key: certificate.write_text("-----BEGIN"),
    "without its key": lambda certificate, key: key.unlink(),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=list(SPOILT))
def test_it_is_made_anew_when_it_is_no_good(
    folder: Folder, spoil: Callable[[Path, Path], object]
) -> None:
    files = edge_certificate.ensure(folder, "localhost")
    spoil(*files)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
        *edge_certificate.ensure(folder, "localhost")
    )


def test_it_is_made_anew_for_another_name(folder: Folder) -> None:
    edge_certificate.ensure(folder, "localhost")
    assert "shop.test" in names(edge_certificate.ensure(folder, "shop.test")[0])
