"""Migrate the database of the group that lives here, and load its demo data, after a change.

Looking for unapplied migrations costs a connection and a second per database, at every start. A
fingerprint of the files and of the installed versions tells without a database that there are none.
"""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path


def fingerprint() -> str:
    """Changes when a migration, demo data, or the version of a package with migrations changes."""
    from django.apps import apps
    from django.conf import settings

    digest = hashlib.sha256()
    for config in sorted(apps.get_app_configs(), key=lambda config: config.name):
        folder = Path(config.path)
        files = sorted(folder.joinpath("migrations").glob("*.py"))
        if not files and not folder.joinpath("demo.py").exists():
            continue
        digest.update(f"{config.name}\0{_version(config.name)}\0".encode())
        if "site-packages" in folder.parts:
            # Installed code changes with its version; its files' names are enough.
            digest.update("\0".join(file.name for file in files).encode())
            continue
        # Beside demo.py also the texts that it may read: a catalogue as JSON.
        for file in (*files, *sorted(folder.glob("demo.py")), *sorted(folder.glob("*.json"))):
            digest.update(file.name.encode())
            digest.update(file.read_bytes())
    digest.update(repr(settings.MIGRATION_MODULES).encode())
    return digest.hexdigest()


def main() -> int:
    """Apply what is unapplied, then load the demo data; both do nothing when done before."""
    from django.core.management import call_command, get_commands

    call_command("migrate", interactive=False, verbosity=1)
    if "ramet_demo" in get_commands():
        call_command("ramet_demo")
    return 0


def _version(module: str) -> str:
    package = module.partition(".")[0]
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
