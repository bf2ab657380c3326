"""Folders that nobody else may look into."""

import os
import stat
from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.system import load, placement
from ramet.tools.local.environment import Environments
from ramet.tools.local.files import secret, write_private
from ramet.tools.local.folder import Folder


def test_folders_are_closed_and_ignored_by_git(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.make()
    try:
        for path in (folder.path, folder.run, folder.secrets, folder.logs, folder.mail):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert (folder.path / ".gitignore").read_text() == "*\n"
    finally:
        folder.clear_run()
    assert not folder.run.exists()


def test_queues_of_celery_are_closed_before_it_makes_them(tmp_path: Path) -> None:
    """kombu makes the folders that are missing, for everybody to read."""
    (tmp_path / "ramet.toml").write_text(
        '[system]\nname = "x"\nsettings = "s"\n[services.a]\napps = ["a"]\n'
    )
    (tmp_path / "s.py").touch()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "__init__.py").touch()
    system = load(tmp_path / "ramet.toml")
    (group,) = placement(system, "monolith")
    folder = Folder(tmp_path)
    found = Environments(system, folder, {group.name: "sqlite://"}, {}).of_group(group)
    for path in (Path(found["RAMET_CELERY_FOLDER"]), folder.celery / group.name / "control"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_sockets_fit_however_deep_the_checkout_is(tmp_path: Path) -> None:
    deep = Folder(tmp_path / ("deep" * 50))
    assert len(str(deep.run / "a-service-with-a-rather-long-name.web-32.sock")) < 107


def test_two_checkouts_have_different_sockets(tmp_path: Path) -> None:
    assert Folder(tmp_path / "one").run != Folder(tmp_path / "two").run


def test_a_link_in_place_of_the_sockets_folder_is_refused(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    folder.run.symlink_to(tmp_path / "elsewhere")
    try:
        with pytest.raises(DiagnosticError, match="foreign-run-folder"):
            folder.make()
    finally:
        folder.run.unlink()


def test_a_fresh_start_keeps_secrets_only(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.make()
    try:
        kept = secret(folder.secrets / "demo-password")
        (folder.mail / "letter").touch()
        write_private(folder.migrated, "{}")
        folder.postgres.mkdir()
        folder.forget()
        assert secret(folder.secrets / "demo-password") == kept
        assert not folder.mail.exists()
        assert not folder.migrated.exists()
        assert not folder.postgres.exists()
    finally:
        folder.clear_run()


def test_a_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "key"
    first = secret(path, 32)
    assert len(first) >= 43
    assert secret(path, 32) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["key"]
