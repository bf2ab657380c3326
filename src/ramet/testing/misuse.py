"""Mistakes in a test, told as all of Ramet's are: what was found, where, expected, what to do."""

from ramet.errors import DiagnosticError, Mistake

__all__ = ["misuse"]


def misuse(
    reference: str, where: str, *, found: str, expected: str, remedy: str
) -> DiagnosticError:
    """The error of one wrong use of the plugin."""
    return DiagnosticError(Mistake(reference, where, found, expected, remedy))
