"""Keys are stored encrypted and move on in an order that breaks nothing."""

import errno
import os
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.identity import keyfile, signing
from ramet.identity.keys import FRESH_SECONDS
from ramet.identity.rotation import PUBLISHED_FIRST, rotate
from ramet.system import secrets as system_secrets
from ramet.tools.gateway import limits


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "secrets" / "signing-keys.pem"
    signing.generate(made)
    return made


def age(path: Path, by: timedelta) -> None:
    """Have everything in the file be so much older."""

    def older(label: re.Match[str]) -> str:
        return f"# {label[1]} since {(datetime.fromisoformat(label[2]) - by).isoformat()}"

    path.write_text(re.sub(r"# (\w+) since (\S+)", older, path.read_text()))


def states(path: Path) -> dict[str, str]:
    return {key.kid: key.state for key in signing.keys(path)}


def reference(caught: pytest.ExceptionInfo[DiagnosticError]) -> str:
    return caught.value.mistakes[0].reference


def test_no_private_key_is_stored_in_plain_text(path: Path) -> None:
    text = path.read_text()
    assert text.count("-----BEGIN ENCRYPTED PRIVATE KEY-----") == 2
    assert "-----BEGIN PRIVATE KEY-----" not in text
    beside = keyfile.passphrase_path(path)
    assert beside.stat().st_mode & 0o777 == 0o600
    assert beside.read_text().strip() not in text


def test_the_passphrase_may_come_from_outside_and_then_is_stored_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "keys.pem"
    signing.generate(path, "correct horse")
    assert [file.name for file in tmp_path.iterdir()] == ["keys.pem"]
    assert len(signing.load(path, "correct horse")) == 2
    with pytest.raises(DiagnosticError) as wrong:
        signing.load(path, "battery staple")
    assert reference(wrong) == "signing-keys-passphrase"
    assert "battery staple" not in str(wrong.value)
    with pytest.raises(DiagnosticError) as missing:
        signing.load(path)
    assert "RAMET_SIGNING_KEYS_PASSPHRASE" in str(missing.value)


def test_a_passphrase_that_everybody_can_read_is_refused(path: Path) -> None:
    keyfile.passphrase_path(path).chmod(0o644)
    with pytest.raises(DiagnosticError) as caught:
        keyfile.read(path)
    assert reference(caught) == "signing-keys-readable"
    assert f"chmod o= {keyfile.passphrase_path(path)}" in str(caught.value)


def test_files_that_an_engine_mounts_are_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes gives them to a group, Docker shows them to one container with mode 0444."""
    both = (path, keyfile.passphrase_path(path))
    for file in both:
        file.chmod(0o440)
    assert len(keyfile.read(path)) == 2
    monkeypatch.setattr(system_secrets, "_OF_A_CONTAINER", (path.parent,))
    for file in both:
        file.chmod(0o444)
    assert len(keyfile.read(path)) == 2


def test_a_file_that_cannot_be_read_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)  # root may read whatever its mode
    with pytest.raises(DiagnosticError) as caught:
        keyfile.read(path)
    assert reference(caught) == "signing-keys-unreadable"
    assert str(path) in str(caught.value)
    assert "Permission denied" in str(caught.value)


@pytest.mark.parametrize(
    ("fails", "number", "remedy"),
    [
        ("tempfile.mkstemp", errno.EROFS, "where the keys are kept"),
        ("os.fsync", errno.ENOSPC, "make room"),
    ],
)
@pytest.mark.parametrize("emergency", [False, True])
def test_a_place_that_takes_no_file_is_named_and_keeps_its_keys(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fails: str,
    number: int,
    remedy: str,
    emergency: bool,
) -> None:
    """A secret that is mounted read-only, and a disk that is full once the draft is made."""

    def failing(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    age(path, PUBLISHED_FIRST)
    before, files = path.read_bytes(), sorted(path.parent.iterdir())
    monkeypatch.setattr(fails, failing)
    for act in (
        lambda: rotate(path, emergency=emergency),
        lambda: signing.generate(path.parent / "new.pem", "correct horse"),
    ):
        with pytest.raises(DiagnosticError) as caught:
            act()
        (mistake,) = caught.value.mistakes
        assert mistake.reference == "signing-keys-unwritable"
        assert os.strerror(number) in mistake.found
        assert remedy in mistake.remedy
    assert path.read_bytes() == before
    assert sorted(path.parent.iterdir()) == files


def test_two_generations_share_no_secret(tmp_path: Path) -> None:
    one, two = tmp_path / "one.pem", tmp_path / "two.pem"
    signing.generate(one)
    signing.generate(two)
    assert not set(signing.load(one)) & set(signing.load(two))
    assert keyfile.passphrase_path(one).read_text() != keyfile.passphrase_path(two).read_text()


def test_a_rotation_has_the_next_key_sign_and_publishes_another_one(path: Path) -> None:
    signing_before, next_before = signing.public_keys(path)
    age(path, PUBLISHED_FIRST)
    rotate(path)
    now = states(path)
    assert now[next_before] == "signing"
    assert now[signing_before] == "retired"
    assert [*now.values()] == ["signing", "next", "retired"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert "ENCRYPTED" in path.read_text()


def test_a_key_that_not_everybody_knows_yet_does_not_sign(path: Path) -> None:
    age(path, PUBLISHED_FIRST - timedelta(seconds=90))
    before = path.read_text()
    with pytest.raises(DiagnosticError) as caught:
        rotate(path)
    assert reference(caught) == "rotation-too-early"
    assert "1 min 3" in caught.value.mistakes[0].remedy or "1 min 2" in str(caught.value)
    assert path.read_text() == before


def test_everybody_knows_a_key_before_it_signs() -> None:
    assert timedelta(seconds=limits.KEYS_FRESH + FRESH_SECONDS) < PUBLISHED_FIRST


def test_an_emergency_does_not_wait_and_withdraws_whatever_was_in_the_file(path: Path) -> None:
    """The next key too: it lies beside the one that has become known, under one passphrase."""
    known = signing.public_keys(path)
    rotate(path, emergency=True)
    now = states(path)
    assert not now.keys() & known.keys()
    assert [*now.values()] == ["signing", "next"]


def test_a_retired_key_is_published_while_its_tokens_may_live_and_no_longer(path: Path) -> None:
    old, _ = signing.public_keys(path)
    age(path, PUBLISHED_FIRST)
    rotate(path)
    age(path, signing.RETIRED_KEPT - timedelta(seconds=60))
    assert old in states(path)
    age(path, timedelta(seconds=61))
    assert old not in states(path)
    rotate(path)
    assert path.read_text().count("BEGIN") == 3


def test_a_file_with_one_key_gets_the_next_one_first(path: Path) -> None:
    first = keyfile.read(path)[:1]
    keyfile.replace(path, first)
    with pytest.raises(DiagnosticError) as caught:
        rotate(path)
    assert reference(caught) == "rotation-too-early"
    assert [key.state for key in signing.keys(path)] == ["signing", "next"]
    assert signing.keys(path)[0].kid == first[0].kid


def test_keys_in_plain_text_are_encrypted_by_the_first_rotation(path: Path) -> None:
    plain = "\n".join(signing.load(path))
    path.write_text(plain)
    keyfile.passphrase_path(path).unlink()  # as after `openssl genrsa`
    assert not any(key.is_encrypted for key in signing.keys(path))
    _, coming = signing.public_keys(path)
    os.utime(path, (0, 0))  # published for long enough
    rotate(path)
    assert all(key.is_encrypted for key in signing.keys(path))
    assert states(path)[coming] == "signing"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_who_could_read_the_keys_can_go_on(path: Path, mode: int) -> None:
    """An administrator rotates what a service of another user, or of a group, reads."""
    path.write_text("\n".join(signing.load(path)))
    keyfile.passphrase_path(path).unlink()
    os.chown(path, 12345, 12346)
    path.chmod(mode)
    os.utime(path, (0, 0))
    rotate(path)
    for file in (path, keyfile.passphrase_path(path)):
        assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12346)
        assert file.stat().st_mode & 0o777 == mode


def test_a_running_process_takes_up_a_rotation(path: Path) -> None:
    before = signing.load(path)[0]
    assert signing.keys(path) == signing.keys(path)
    rotate(path, emergency=True)
    assert signing.load(path)[0] != before


def test_a_time_that_is_none_is_named(path: Path) -> None:
    path.write_text(re.sub(r"(# next since )\S+", r"\1yesterday", path.read_text()))
    with pytest.raises(DiagnosticError, match="yesterday"):
        keyfile.read(path)
