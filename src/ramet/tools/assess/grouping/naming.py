"""Names for groups that `ramet.toml` takes and a team recognises: their apps, else their words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ramet.reserved_names import RESERVED_NAMES, RESERVED_PREFIX
from ramet.tools.assess.grouping.candidates import Candidate

__all__ = ["name_groups"]

MAJORITY = 0.5
"""An app, or two, with this share of a group names it."""
LONGEST = 32
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def name_groups(groups: Sequence[Candidate], apps: Mapping[str, str]) -> list[str]:
    """One name for each group, all different, each fit for a service's.

    A pinned group has the name of its pin. Another has that of the app, or the two apps, of which
    it holds the most models; where it leads in none, the word that tells its models from others.
    """
    leads = _leading(groups, apps)
    every = Counter(word for group in groups for node in group.nodes for word in _words_of(node))
    taken = {group.pin for group in groups if group.pin}
    names = []
    for number, group in enumerate(groups):
        wishes = [group.pin] if group.pin else _wishes(number, group, every, apps, leads)
        name = next(
            name
            for wish in [*wishes, *(f"{wishes[0]}-{again}" for again in range(2, len(groups) + 2))]
            if (name := wish if group.pin else _clean(wish)) not in taken or group.pin
        )
        taken.add(name)
        names.append(name)
    return names


def _leading(groups: Sequence[Candidate], apps: Mapping[str, str]) -> dict[str, int]:
    """The group that has the most models of each app."""
    shares: dict[str, list[tuple[int, int]]] = {}
    for number, group in enumerate(groups):
        for app, count in Counter(apps[node] for node in group.nodes if node in apps).items():
            shares.setdefault(app, []).append((-count, number))
    return {app: min(counts)[1] for app, counts in shares.items()}


def _wishes(
    number: int,
    group: Candidate,
    every: Mapping[str, int],
    apps: Mapping[str, str],
    leads: Mapping[str, int],
) -> list[str]:
    """Names for one group, the best first, at least one; `every` counts the words of all models."""
    prefix = _shared_prefix(set(apps.values()))
    counts = Counter(apps[node] for node in group.nodes if leads.get(apps.get(node, "")) == number)
    ranked = [app for app, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    short = [app.removeprefix(prefix) for app in ranked[:2]]
    words = _words(group, every)
    most = [counts[app] for app in ranked[:2]]
    if most and most[0] >= MAJORITY * len(group.nodes):
        return [short[0], *words]
    if len(most) > 1 and sum(most) >= MAJORITY * len(group.nodes):
        return [f"{short[0]}-{short[1]}", *short, *words]
    return [*words, *short, "group"]


def _words(group: Candidate, every: Mapping[str, int]) -> list[str]:
    """Words of the models' names: those of most models here, and of few elsewhere, first.

    `every` counts the words of all models.
    """
    here: Counter[str] = Counter()
    for node in group.nodes:
        here.update(_words_of(node))
    return sorted(here, key=lambda word: (-(here[word] ** 2) / every[word], word))[:3]


def _words_of(node: str) -> set[str]:
    found = _WORD.findall(node.rpartition(".")[2])
    return {word.lower() for word in found if len(word) > 2 and not word.isdigit()}


def _shared_prefix(labels: set[str]) -> str:
    """What all labels begin with, up to an underscore: `misago_` of `misago_users`."""
    first, _, _ = min(labels, default="").partition("_")
    prefix = f"{first}_"
    return prefix if len(labels) > 1 and all(each.startswith(prefix) for each in labels) else ""


def _clean(wish: str) -> str:
    """In the letters of a service's name (see ramet.system), and none of Ramet's own."""
    name = re.sub(r"[^a-z0-9]+", "-", wish.lower())[:LONGEST].strip("-")
    if not name or not name[0].isalpha():
        name = f"group-{name}".rstrip("-")
    if name.startswith(RESERVED_PREFIX):
        name = f"group-{name}"
    return f"{name}-service" if name in RESERVED_NAMES else name
