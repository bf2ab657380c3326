"""Write ramet.manifest.json: what the services really declare; commit it, review its changes."""

from typing import Annotated

from ramet.cli._parameters import Option

__all__ = ["FILE_NAME", "command"]

FILE_NAME = "ramet.manifest.json"


def command(
    *,
    check: Annotated[
        bool, Option(help="Compare only; exit 1 when the file is out of date.")
    ] = False,
) -> int:
    """Write ramet.manifest.json beside ramet.toml: contracts, events, routes, migrations, uses."""
    import difflib

    from ramet.cli._project import ask
    from ramet.system import load

    system = load()
    path = system.root / FILE_NAME
    declared = ask(system, "ramet_manifest")
    committed = path.read_text(encoding="utf-8") if path.is_file() else ""
    if declared == committed:
        print(f"{FILE_NAME} is up to date.")
        return 0
    if not check:
        path.write_text(declared, encoding="utf-8")
        print(f"{FILE_NAME} written.")
        return 0
    changes = difflib.unified_diff(
        committed.splitlines(), declared.splitlines(), FILE_NAME, "declared", lineterm=""
    )
    print("\n".join(changes))
    print(f"\n{FILE_NAME} is out of date: run `ramet manifest` and commit it.")
    return 1
