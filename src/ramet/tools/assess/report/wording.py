"""How figures and choices are said, the same on the page and in the terminal."""

from __future__ import annotations

from typing import Literal

__all__ = ["CHOICES", "METRICS", "counted", "days", "in_days", "percent"]

Choice = Literal["keep", "draw boundaries", "split some", "split"]

CHOICES: dict[Choice, str] = {
    "keep": "Keep the monolith",
    "draw boundaries": "Keep the monolith, draw these boundaries",
    "split some": "Split some of it off",
    "split": "Split it",
}

METRICS = {
    "bcp": (
        "business context purity",
        "the logarithm of how many use cases meet in a candidate, on average; lower is better",
    ),
    "icp": ("inter-partition calls", "the share of calls that cross; lower is better"),
    "sm": ("structural modularity", "cohesion less coupling; higher is better"),
    "ifn": (
        "interface number",
        "what is called from outside in a candidate, on average; lower is better",
    ),
    "ned": (
        "non-extreme distribution",
        "the share in candidates of fewer than 5 or more than 20; lower is better",
    ),
}
"""Of Kalia et al., "Mono2Micro", ESEC/FSE 2021: what each is called, and how to read it."""


def percent(share: float) -> str:
    """Rounded down where it would say 100 and is not."""
    return "99%" if 0.985 < share < 1 else f"{share:.0%}"


def days(effort: float) -> str:
    """Person-days, to a half where they are few."""
    return f"{effort:,.0f}" if effort >= 10 else f"{round(effort * 2) / 2:g}"


def in_days(effort: float) -> str:
    """The same with its unit."""
    return f"{days(effort)} {'day' if days(effort) == '1' else 'days'}"


def counted(number: int, word: str) -> str:
    """`1 cut`, `2 cuts`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
