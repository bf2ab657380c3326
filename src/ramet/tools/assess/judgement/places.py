"""On which side of a cut a model, or an app's code, comes to stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from ramet.tools.assess.facts import ANY_MODEL, Scan
from ramet.tools.assess.findings import AppRole

__all__ = ["PLATFORM", "Places"]

PLATFORM = "platform"
"""The side of models of installed packages: each service installs the package for itself."""

HOME_SHARE = 2 / 3
"""An app's code stands where this share of its models does; else it is itself parted."""

LIBRARY_MODELS = 1
"""An app of more models than this is no library, whoever uses its code."""
LIBRARY_SHARE = 0.5
LIBRARY_USERS = 3
"""A library's code is used by this share of the other apps, and by no fewer than so many."""


class Places:
    """The side of everything that an edge can name, and the role of each own app."""

    def __init__(self, scan: Scan, group_of: Mapping[str, str]) -> None:
        """`group_of` has the name of the group of each of the project's own models."""
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._models: dict[str, str] = {}
        for model in scan.models:
            self._models[model.label] = group_of[model.label] if model.is_own else PLATFORM
            if model.is_own:
                counts[model.app][group_of[model.label]] += 1
        labels = dict.fromkeys([app.label for app in scan.apps if app.is_own] + sorted(counts))
        users, asking = _between(scan, labels)
        self.roles = [
            _role(label, counts[label], users[label], len(labels), is_asking=label in asking)
            for label in labels
        ]
        self._apps = {role.app: role for role in self.roles}
        self._sides: dict[str, str | None] = {}
        self._package_apps = {app.label for app in scan.apps if not app.is_own}

    def side(self, label: str) -> str | None:
        """A group's name, `PLATFORM`, or the label of an app that goes with no group.

        None where it is not known: a relation to any model, an app that is itself parted.
        """
        if label not in self._sides:
            self._sides[label] = self._find_side(label)
        return self._sides[label]

    def _find_side(self, label: str) -> str | None:
        if label in self._apps:
            role = self._apps[label]
            return role.group or (None if role.role == "parted" else role.app)
        if label == ANY_MODEL:
            return None
        if label in self._package_apps or "." in label:
            return self._models.get(label, PLATFORM)
        return None

    def is_library(self, label: str) -> bool:
        """Whether it is an app whose code is a package that every service installs."""
        return label in self._apps and self._apps[label].role == "library"


def _between(scan: Scan, labels: Mapping[str, None]) -> tuple[dict[str, set[str]], set[str]]:
    """Of each own app, the others that use its code without naming a model of it; and those whose
    code names what other apps have more often than they name what it has."""
    users: dict[str, set[str]] = {label: set() for label in labels}
    app_of: dict[str, str] = {}
    balance: Counter[str] = Counter()
    for edge in scan.edges:
        for end in (edge.source, edge.target):
            if end not in app_of:
                app_of[end] = end.partition(".")[0]
        source, target = app_of[edge.source], app_of[edge.target]
        if source != target and source in users and target in users:
            balance[source] += 1
            balance[target] -= 1
            if edge.target == target:
                users[target].add(source)
    return users, {label for label, number in balance.items() if number > 0}


def _models(number: int) -> str:
    return "1 model is" if number == 1 else f"{number:,} models are"


def _role(
    label: str, counts: Counter[str], users: set[str], apps: int, *, is_asking: bool
) -> AppRole:
    least = max(LIBRARY_USERS, LIBRARY_SHARE * (apps - 1))
    # Pages that plugins hook into are used by all of them too, and are no library for that.
    is_front = not counts and is_asking
    if counts.total() <= LIBRARY_MODELS and len(users) >= least and not is_front:
        return AppRole(
            app=label,
            role="library",
            why=f"{len(users)} of {apps - 1} other apps use its code: a package that each service "
            "installs.",
        )
    if not counts:
        return AppRole(
            app=label,
            role="front",
            why="It has no models: it stays in front of the services, and asks them.",
        )
    group, count = counts.most_common(1)[0]
    if count >= HOME_SHARE * counts.total():
        return AppRole(
            app=label,
            role="home",
            group=group,
            why=f"{count} of its {_models(counts.total())} in {group}.",
        )
    return AppRole(
        app=label,
        role="parted",
        why=f"Its models are in {len(counts)} groups: its code is to be parted along with them.",
    )
