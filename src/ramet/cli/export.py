"""Make the files that a production needs from this system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ramet.cli._parameters import Argument, Commands, Option

app = Commands()


@app.command()
def observability(
    folder: Annotated[Path, Argument(help="Where to; made if it is not there.")],
    as_: Annotated[
        str, Option("--as", help="How services share processes, as in `ramet up`.")
    ] = "services",
    runbooks: Annotated[
        str, Option(help="Where the runbooks will be read: the alerts' links begin so.")
    ] = "runbooks",
    force: Annotated[bool, Option(help="Also over files that were changed by hand.")] = False,
) -> int:
    """Prometheus rules, Grafana dashboards and runbooks.

    Made again, a file that was changed by hand stays; what would be new in it is shown, and the
    exit code is 1.
    """
    from ramet.system import load
    from ramet.tools.observability.files import files
    from ramet.tools.observability.writing import write

    result = write(folder, files(load(), as_, runbooks), force=force)
    print(
        f"{folder}: {len(result.written)} written, {len(result.unchanged)} as they were", flush=True
    )
    for name, difference in result.kept.items():
        print(f"\n{name} was changed by hand, and stays:\n{difference}")
    if result.kept:
        print(f"\n{len(result.kept)} kept; take over what you like, or use --force")
    return 1 if result.kept else 0
