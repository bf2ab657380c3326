"""The certificate for `tls = "local"`: what a client that trusts the authority accepts."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from ramet.tools.local import edge_certificate
from ramet.tools.local.authority import Authority


@dataclass
class Machine:
    """A checkout's secrets."""

    secrets: Path

    def ensure(self, host: str = "localhost") -> tuple[Path, Path]:
        """Certificate and key of the gateway."""
        authority = Authority("shop", self.secrets, self.secrets / "certificates")
        return edge_certificate.ensure(authority, self.secrets / "public", host)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One without an authority yet."""
    return Machine(tmp_path)


def names(path: Path) -> list[str]:
    """What a certificate is for."""
    [leaf, *_] = x509.load_pem_x509_certificates(path.read_bytes())
    alternatives = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(each.value) for each in alternatives]


def test_it_is_for_every_name_of_this_machine_and_for_the_public_one(machine: Machine) -> None:
    certificate, _ = machine.ensure("shop.test")
    assert names(certificate) == ["localhost", "127.0.0.1", "::1", "shop.test"]


def test_certificate_and_key_fit_and_nobody_else_may_read_the_key(machine: Machine) -> None:
    certificate, key = machine.ensure()
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    private = [
        path
        for path in machine.secrets.rglob("*")
        if path.is_file() and b"PRIVATE KEY" in path.read_bytes()
    ]
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}


def test_it_is_kept_while_it_is_good(machine: Machine) -> None:
    certificate, _ = machine.ensure()
    before = certificate.read_bytes()
    machine.ensure()
    assert certificate.read_bytes() == before


SPOILT: dict[str, Callable[[Path, Path], object]] = {
    "half a file": lambda certificate, key: certificate.write_text("-----BEGIN"),
    "without its key": lambda certificate, key: key.unlink(),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=list(SPOILT))
def test_it_is_made_anew_when_it_is_no_good(
    machine: Machine, spoil: Callable[[Path, Path], object]
) -> None:
    files = machine.ensure()
    spoil(*files)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(*machine.ensure())


def test_it_is_made_anew_for_another_name(machine: Machine) -> None:
    machine.ensure()
    assert "shop.test" in names(machine.ensure("shop.test")[0])
