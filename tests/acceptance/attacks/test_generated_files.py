"""What `ramet up` generates: secrets where they belong and nowhere else, and new ones each time.

Collected as a thief would: every key, password and token in the files that may hold them. Then all
that others read is searched for them: logs, Envoy's configuration, mails, command lines, status.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.attacks.attacked_shop import AttackedShop


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedShop]:
    """Another checkout of the same shop."""
    with Part(tmp_path_factory.mktemp("other") / "shop", "services").running() as shop:
        yield shop


class Part(AttackedShop):
    """Two services are enough to have one secret of each kind."""

    def up(self) -> str:
        return self.ramet("up", "--detach", "--only", "users,products")


def test_no_secret_is_where_others_read(shop: AttackedShop) -> None:
    shop.place((shop.in_stock(1)[0], 1))
    shop.call("GET", "/api/v1/users/me/", headers={"Authorization": "Bearer x.y.z"})
    found = _secrets(shop)
    readable = {path: path.read_bytes() for path in _readable(shop)}
    assert len(readable) > 20, "hardly a file was found: this proves nothing"
    leaks = [
        (what, str(path))
        for what, secret in found.items()
        for path, content in readable.items()
        if secret.encode() in content
    ]
    assert leaks == []


def test_a_secret_would_be_found(shop: AttackedShop) -> None:
    """The control: of each kind there is one, and it stands in the file that may hold it."""
    found = _secrets(shop)
    for kind in ("secret-key", "demo-password", "database of orders", "broker"):
        assert any(kind in what for what in found), (kind, sorted(found))
    state = (shop.private.path / "state.json").read_text()
    assert found["database of orders"] in state


def test_no_secret_is_on_a_command_line(shop: AttackedShop) -> None:
    """Everybody on a machine may see those."""
    lines = [
        " ".join(each.cmdline())
        for pid in _pids(shop)
        for each in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True))
    ]
    assert len(lines) > 5
    leaks = [
        (what, line) for what, value in _secrets(shop).items() for line in lines if value in line
    ]
    assert leaks == []


def test_no_secret_is_in_what_commands_say(shop: AttackedShop) -> None:
    said = "".join(
        shop.ramet(*command)
        for command in (["status"], ["status", "--json"], ["explain", "orders", "Products.reserve"])
    )
    assert [what for what, value in _secrets(shop).items() if value in said] == []


def test_only_their_owner_may_read_them(shop: AttackedShop) -> None:
    ramet, run = shop.private.path, shop.private.run
    folders = [ramet, run, *(path for path in ramet.iterdir() if path.is_dir())]
    private = [ramet / "state.json", ramet / "supervisor.log", ramet / "nats" / "nats.conf"]
    for folder in (shop.private.secrets, shop.private.envoy, shop.private.logs):
        private += [path for path in folder.rglob("*") if path.is_file()]
        folders += [path for path in folder.rglob("*") if path.is_dir()]
    folders += [path for path in shop.private.celery.rglob("*") if path.is_dir()]
    modes = {
        str(path): oct(path.stat().st_mode & 0o777)
        for expected, paths in ((0o700, folders), (0o600, private))
        for path in paths
        if path.stat().st_mode & 0o777 != expected
    }
    assert modes == {}


def test_two_generations_share_no_secret(shop: AttackedShop, other: AttackedShop) -> None:
    ours, theirs = _secrets(shop), _secrets(other)
    assert len(theirs) >= 5, theirs.keys()
    assert set(ours.values()) & set(theirs.values()) == set()
    # Nor within one: a key that two services have is one that each can steal from the other.
    for found in (ours, theirs):
        assert len(set(found.values())) == len(found)


def test_two_generations_share_no_certificate(shop: AttackedShop, other: AttackedShop) -> None:
    ours, theirs = (
        {path.read_bytes() for path in one.private.secrets.rglob("*.crt")} for one in (shop, other)
    )
    assert ours
    assert theirs
    assert ours & theirs == set()


def _secrets(shop: AttackedShop) -> dict[str, str]:
    """What must be known to nobody, by what it is; of a PEM file, a line of the key itself."""
    found: dict[str, str] = {}
    for path in shop.private.secrets.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.suffix != ".crt":
            name = str(path.relative_to(shop.private.secrets))
            for number, value in enumerate(_values(path.read_text())):
                found[f"{name} {number}"] = value
    state = shop.state()
    urls = {f"database of {name}": url for name, url in state["databases"].items()}
    for what, url in {**urls, "broker": state["broker"] or ""}.items():
        if password := re.search(r"://[^:/@]*:([^@]+)@", url):
            found[what] = password[1]
    return found


def _values(text: str) -> Iterator[str]:
    keys = re.findall(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n(.*?)-----END", text, re.DOTALL)
    if keys:
        # Its first line tells the algorithm, which keys have in common.
        yield from (body.split()[1] for body in keys)
    elif "-----BEGIN" not in text:
        yield text.strip()


def _readable(shop: AttackedShop) -> Iterator[Path]:
    """Files of the system that somebody else may be shown: for help, for review, for a backup."""
    ramet = shop.private
    yield shop.folder / "ramet.toml"
    yield ramet.path / "supervisor.log"
    for folder in (ramet.logs, ramet.envoy, ramet.mail, ramet.celery):
        yield from (path for path in folder.rglob("*") if path.is_file())


def _pids(shop: AttackedShop) -> list[int]:
    state = shop.state()
    return [state["supervisor"]["pid"]] + [
        process["pid"] for process in state["processes"] if process["pid"]
    ]
