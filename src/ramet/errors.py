"""The one diagnostic error: what a user did wrong, told so that it can be repaired at once.

It stands below every other module, so that any of them may raise it. Bugs of ours are never
reported through it: they keep their traceback.
"""

from typing import NamedTuple

__all__ = ["DiagnosticError", "Mistake"]


class Mistake(NamedTuple):
    """One thing that a user can repair.

    `reference` is a kebab-case name that stays the same between versions, so that it can be
    searched for. `where` is a place: `ramet.toml:12`, `shop/orders/models.py:8`, a dotted name or
    the name of an environment variable. The other three are sentences or fragments for a person
    and never contain a secret.
    """

    reference: str
    where: str
    found: str
    expected: str
    remedy: str

    def __str__(self) -> str:
        """Four lines: place and reference, then found, expected, and what to do."""
        return (
            f"{self.where}: {self.reference}\n"
            f"  found     {_indented(self.found)}\n"
            f"  expected  {_indented(self.expected)}\n"
            f"  remedy    {_indented(self.remedy)}"
        )


class DiagnosticError(Exception):
    """Mistakes of a user, all those of one reading together.

    `ramet` prints it to standard error without a traceback and exits with 2. `str()` renders every
    mistake, in the order given, separated by an empty line.
    """

    mistakes: tuple[Mistake, ...]

    def __init__(self, *mistakes: Mistake) -> None:
        if not mistakes:
            raise ValueError("A DiagnosticError needs at least one Mistake.")
        super().__init__(*mistakes)
        self.mistakes = mistakes

    def __str__(self) -> str:
        return "\n\n".join(str(mistake) for mistake in self.mistakes)


def _indented(text: str) -> str:
    return text.replace("\n", "\n" + " " * 12)
