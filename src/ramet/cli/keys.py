"""List the keys that sign access tokens, or have the next one sign."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ramet.cli._parameters import Commands, Option

if TYPE_CHECKING:
    from ramet.identity.keyfile import Key

app = Commands()

Json = Annotated[bool, Option("--json", help="For programs.")]


@app.command("list")
def show_list(as_json: Json = False) -> None:
    """List the published keys: which one signs, which one signs next, which ones have retired."""
    from ramet.identity import signing

    path, passphrase = _file()
    _print(signing.keys(path, passphrase), as_json)


@app.command()
def rotate(
    emergency: Annotated[
        bool,
        Option(
            help="The keys have become known: do not wait, make two new ones, withdraw all others.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Have the next key sign and publish a new one; refused until everybody knows the next key.

    Running processes take up the change by themselves.
    """
    from ramet.identity.rotation import rotate

    path, passphrase = _file()
    _print(rotate(path, passphrase, emergency=emergency), as_json)


def _file() -> tuple[Path, str | None]:
    """The file of the keys and its passphrase, as the issuer's processes find them."""
    from ramet.errors import DiagnosticError, Mistake
    from ramet.placement.environment import Environment, toml_path
    from ramet.system import load

    system = load(toml_path(os.environ))
    environment = Environment.read(os.environ, system)
    if environment.signing_keys is None or system.gateway.issuer not in system.services:
        raise DiagnosticError(
            Mistake(
                reference="foreign-issuer",
                where="[gateway] issuer",
                found=f"{system.gateway.issuer or 'no issuer'}, which is no service of this system",
                expected="a service that signs the tokens itself",
                remedy="rotate the keys where that issuer keeps them",
            )
        )
    return environment.signing_keys, environment.signing_keys_passphrase


def _print(keys: tuple[Key, ...], as_json: bool) -> None:
    now = datetime.now(UTC)
    if as_json:
        print(json.dumps([_row(key, now) for key in keys], indent=2))
        return
    for key in keys:
        print(f"{key.state:8} {key.kid}  since {key.since:%Y-%m-%d %H:%M:%S} UTC{_note(key, now)}")


def _row(key: Key, now: datetime) -> dict[str, object]:
    row: dict[str, object] = {
        "kid": key.kid,
        "state": key.state,
        "since": key.since.isoformat(timespec="seconds"),
        "encrypted": key.is_encrypted,
    }
    if key.state == "next":
        row["ready_in_seconds"] = max(0, round(_ready_in(key, now).total_seconds()))
    return row


def _note(key: Key, now: datetime) -> str:
    notes = [] if key.is_encrypted else ["stored in plain text until the next rotation"]
    if key.state == "next" and (left := _ready_in(key, now)) > timedelta(0):
        notes.append(f"may sign in {round(left.total_seconds())} s")
    return f"  ({', '.join(notes)})" if notes else ""


def _ready_in(key: Key, now: datetime) -> timedelta:
    from ramet.identity.rotation import ready_in

    return ready_in(key, now)
