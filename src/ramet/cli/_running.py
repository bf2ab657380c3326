"""How a command's module becomes a running command: the only place that deals with typer itself."""

import functools
from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer
from typer.main import get_command

__all__ = ["run"]


def run(name: str, arguments: list[str]) -> int:
    """Call the command of a module of this package and return its exit code.

    typer prints wrong usage by itself. DiagnosticError and bugs pass through.
    """
    module = import_module(f"ramet.cli.{name.replace('-', '_')}")
    app: typer.Typer | None = getattr(module, "app", None)
    if app is None:
        # rich would cost every --help 0.1 s.
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name)(module.command)
    for registered in app.registered_commands:
        registered.callback = _exiting(registered.callback)
    try:
        get_command(app).main(arguments, prog_name=f"ramet {name}")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _exiting(callback: Callable[..., Any] | None) -> Callable[..., Any]:
    """A command's return value as typer's exit code, which typer itself would drop."""
    assert callback is not None

    @functools.wraps(callback)
    def exiting(*args: Any, **kwargs: Any) -> None:
        raise typer.Exit(callback(*args, **kwargs) or 0)

    return exiting
