"""Show what programs in any language tell of themselves: an OTLP endpoint with pages."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Annotated

from ramet.cli._parameters import Option
from ramet.errors import DiagnosticError, Mistake

_HOST = "127.0.0.1"
_PARTS = ("starlette", "uvicorn", "jinja2")


def command(
    port: Annotated[
        int, Option(min=1, max=65535, help="Listen there, on this machine only.")
    ] = 8001,
    data: Annotated[
        Path | None,
        Option(help="Keep traces, logs and metrics in this file.", metavar="FILE"),
    ] = None,
) -> int:
    """Show what programs in any language tell of themselves, until Ctrl-C. Needs no ramet.toml.

    A system that `ramet up` runs has a dashboard already.
    """
    _require_installed()
    from ramet.tools.dashboard.access import login_link
    from ramet.tools.dashboard.serving import serve
    from ramet.tools.dashboard.settings import Settings
    from ramet.tools.local.files import secret

    _require_free(port)
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    token_file = folder / "dashboard-token"
    token = secret(token_file)
    link = login_link(port, token)
    if not sys.stdout.isatty():  # which may be a log
        link = f"http://localhost:{port} (token in {token_file})"
    settings = Settings(state=folder, host=_HOST, port=port, token=token, data=data)
    print(
        f"\n  dashboard  {link}\n  OTLP       OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:{port}"
        f"\n  history    {settings.history}\n"
    )
    serve(settings)
    return 0


def _folder() -> Path:
    """Where a program keeps what it remembers, see the XDG Base Directory Specification."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "ramet"


def _require_installed() -> None:
    missing = [name for name in _PARTS if importlib.util.find_spec(name) is None]
    if missing:
        raise DiagnosticError(
            Mistake(
                "not-installed",
                where="ramet dashboard",
                found=f"no {', '.join(missing)}",
                expected="what the dashboard is served with",
                remedy="pip install 'ramet[local]'",
            )
        )


def _require_free(port: int) -> None:
    from ramet.tools.local import ports

    try:
        ports.require_free({"dashboard": (_HOST, port)})
    except DiagnosticError as error:
        remedy = "end that process, or choose another port with --port"
        raise DiagnosticError(
            *(mistake._replace(remedy=remedy) for mistake in error.mistakes)
        ) from None
