"""Root starts PostgreSQL as somebody who can do less."""

import os
import subprocess
from pathlib import Path

import pytest

from ramet.tools.local import account, binaries

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


@pytest.mark.skipif(os.geteuid() == 0, reason="for an ordinary user")
def test_an_ordinary_user_stays_itself(tmp_path: Path) -> None:
    assert account.unprivileged() is None
    assert account.home(tmp_path / "postgres", None) == tmp_path / "postgres"


@AS_ROOT
def test_root_becomes_an_account_without_rights() -> None:
    found = account.unprivileged()
    assert found is not None
    assert found.uid != 0


@AS_ROOT
def test_a_closed_folder_cannot_be_reached(tmp_path: Path) -> None:
    somebody = account.Account("nobody", 65534, 65534)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "file").touch(mode=0o755)
    assert not somebody.can_reach(closed / "file")
    assert somebody.can_reach(Path("/usr/bin/env"))


@AS_ROOT
def test_the_cluster_lives_where_the_account_reaches_it_and_goes_with_its_link(
    tmp_path: Path,
) -> None:
    somebody = account.unprivileged()
    assert somebody is not None
    link = tmp_path / "postgres"
    home = account.home(link, somebody)
    try:
        assert link.readlink() == home
        assert home.stat().st_uid == somebody.uid
        assert account.home(link, somebody) == home, "the next start finds the same"
    finally:
        account.remove(link)
    assert not home.exists()
    assert not link.is_symlink()


@AS_ROOT
def test_a_link_to_elsewhere_deletes_only_itself(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    link = tmp_path / "postgres"
    link.symlink_to(precious)
    account.remove(link)
    assert precious.exists()
    assert not link.is_symlink()


@AS_ROOT
def test_engines_in_a_closed_folder_are_copied_to_where_the_account_can_run_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    somebody = account.unprivileged()
    assert somebody is not None
    shared = Path("/var/lib/ramet") / f"test-{os.getpid()}"
    monkeypatch.setattr(account, "SHARED", shared)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    install = binaries.postgres()
    copy = closed / install.parent.name / install.name
    shutil.copytree(install, copy, symlinks=True)
    libraries = install.parent.with_name(f"{install.parent.name}.libs")
    shutil.copytree(libraries, closed / libraries.name)
    try:
        reached = account.reachable_copy(copy, somebody)
        assert reached.is_relative_to(shared)
        assert account.reachable_copy(copy, somebody) == reached, "copied once"
        for binary in ("postgres", "initdb"):
            shown = subprocess.run(
                [reached / "bin" / binary, "--version"],
                user=somebody.uid,
                group=somebody.gid,
                extra_groups=[],
                capture_output=True,
                text=True,
                check=True,
                cwd="/",
            )
            assert "PostgreSQL" in shown.stdout
    finally:
        shutil.rmtree(shared, ignore_errors=True)
