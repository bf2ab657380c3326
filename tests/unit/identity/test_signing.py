"""Private keys are made once, readable by their owner only, and checked before use."""

import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ramet.errors import DiagnosticError
from ramet.identity import signing


def test_a_missing_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / ".ramet" / "secrets" / "signing-keys.pem"
    pems = signing.load(path)
    assert all(pem.startswith("-----BEGIN PRIVATE KEY-----") for pem in pems)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent.parent.stat().st_mode & 0o777 == 0o700
    assert signing.load(path) == pems
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "signing-keys.passphrase",
        "signing-keys.pem",
    ]


def test_the_next_key_is_published_before_it_signs(tmp_path: Path) -> None:
    """A rotation then breaks nothing: every cache has the key already."""
    path = tmp_path / "keys.pem"
    signing.generate(path)
    assert len(set(signing.load(path))) == len(signing.public_keys(path)) == 2


def test_of_several_that_start_together_one_makes_the_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.pem"
    found: list[tuple[str, ...]] = []
    threads = [threading.Thread(target=lambda: found.append(signing.load(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_several_keys_are_published_and_the_first_one_signs(tmp_path: Path) -> None:
    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    signing.generate(old)
    signing.generate(new)
    both = tmp_path / "both.pem"
    both.touch(0o600)
    both.write_text("# rotated in May\n" + "\n\n".join([*signing.load(new), *signing.load(old)]))
    assert signing.load(both) == signing.load(new) + signing.load(old)
    published = signing.public_keys(both)
    assert published.keys() == {*signing.public_keys(new), *signing.public_keys(old)}


def test_keys_that_everybody_can_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.pem"
    signing.generate(path)
    path.chmod(0o644)
    with pytest.raises(DiagnosticError) as caught:
        signing.load(path)
    [mistake] = caught.value.mistakes
    assert mistake.reference == "signing-keys-readable"
    assert mistake.found == "a file that everybody may read (mode 0644)"


@pytest.mark.parametrize(
    ("key", "reference"),
    [
        (None, "signing-keys-missing"),
        (ec.generate_private_key(ec.SECP256R1()), "signing-key-unusable"),
        (rsa.generate_private_key(public_exponent=65537, key_size=1024), "signing-key-unusable"),
    ],
    ids=["nothing", "elliptic", "short"],
)
def test_other_keys_are_refused(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None, reference: str
) -> None:
    path = tmp_path / "keys.pem"
    path.touch(0o600)
    if key is not None:
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.write_bytes(pem)
    with pytest.raises(DiagnosticError) as caught:
        signing.load(path)
    assert caught.value.mistakes[0].reference == reference
