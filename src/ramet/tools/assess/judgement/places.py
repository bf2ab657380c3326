"""On which side of a cut a model, or an app's code, comes to stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from ramet.tools.assess.facts import ANY_MODEL, Scan

__all__ = ["PLATFORM", "Places"]

PLATFORM = "platform"
"""The side of models of installed packages: each service installs the package for itself."""

HOME_SHARE = 2 / 3
"""An app's code stands where this share of its models does; else its side is not known."""


class Places:
    """The side of everything that an edge can name."""

    def __init__(self, scan: Scan, group_of: Mapping[str, str]) -> None:
        """`group_of` has the name of the group of each of the project's own models."""
        self._sides: dict[str, str | None] = {ANY_MODEL: None}
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for model in scan.models:
            self._sides[model.label] = group_of[model.label] if model.is_own else PLATFORM
            if model.is_own:
                counts[model.app][group_of[model.label]] += 1
        for app in scan.apps:
            self._sides.setdefault(app.label, _side_of_app(app.label, counts, is_own=app.is_own))
        for label in counts:
            self._sides.setdefault(label, _side_of_app(label, counts, is_own=True))

    def side(self, label: str) -> str | None:
        """A group's name, `PLATFORM`, or the label of an app that has no models.

        None where it is not known: a relation to any model, an app that is itself parted.
        """
        if label in self._sides:
            return self._sides[label]
        return PLATFORM if "." in label else None


def _side_of_app(label: str, counts: Mapping[str, Counter[str]], *, is_own: bool) -> str | None:
    if not is_own:
        return PLATFORM
    if label not in counts:
        return label
    group, count = counts[label].most_common(1)[0]
    return group if count >= HOME_SHARE * counts[label].total() else None
