"""`python -m tests.assess.truth PROJECT... | --all`: how much of real projects a scan finds.

For each project three scores: of its source alone, with its virtual environment, and with the
registry merged in. `--list` shows the names, `--misses` every miss and invention with its place.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from typing import Any

from ramet.tools.assess.evidence.merging import merged
from ramet.tools.assess.facts import RELATION_KINDS, Scan
from ramet.tools.assess.scanning import scan
from tests.assess.truth.environments import (
    OWN_SETTINGS,
    ProjectUnavailable,
    beside,
    registry_of,
    source_of,
    truth_of,
    venv_of,
)
from tests.assess.truth.projects import PROJECTS, RealProject
from tests.assess.truth.scoring import Score, score

HOW = ("source alone", "with --venv", "with --registry")


def main() -> int:
    options = _options()
    if options.list:
        print(*PROJECTS, sep="\n")
        return 0
    wanted = list(PROJECTS) if options.all else options.projects
    unknown = [each for each in wanted if each not in PROJECTS]
    if unknown or not wanted:
        print(
            f"found {unknown or 'no project'}; expected of: {', '.join(PROJECTS)}", file=sys.stderr
        )
        return 2
    lacking = 0
    for name in wanted:
        try:
            truth = truth_of(PROJECTS[name])
        except ProjectUnavailable as error:
            print(f"{name}: {error}\n", file=sys.stderr)
            lacking += 1
            continue
        if options.truth_only:
            _tell_truth(PROJECTS[name], truth)
        else:
            _tell_scores(PROJECTS[name], truth, with_misses=options.misses)
    return 1 if lacking else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.assess.truth", description=__doc__)
    parser.add_argument("projects", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--truth-only", action="store_true", help="ask Django, scan nothing")
    parser.add_argument("--misses", action="store_true", help="each miss and each invention")
    return parser.parse_args()


def _tell_truth(project: RealProject, truth: dict[str, Any]) -> None:
    root = str(source_of(project))
    own = {each["label"] for each in truth["models"] if each["file"].startswith(root)}
    kinds = Counter(each["kind"] for each in truth["relations"] if each["source"] in own)
    said = ", ".join(f"{kinds[kind]} {kind}" for kind in RELATION_KINDS)
    counted = f"{len(truth['receivers'])} receivers, {len(truth['urls'])} URLs"
    print(f"{project.name}: Django {truth['django']}, {len(own)} own models; {said}; {counted}")
    for problem in truth["problems"]:
        print(f"  {problem}")


def _tell_scores(project: RealProject, truth: dict[str, Any], *, with_misses: bool) -> None:
    root = source_of(project)
    for how in HOW:
        begun = time.perf_counter()
        found = scanned(project, how)
        seconds = time.perf_counter() - begun
        made = score(found, truth, root, is_library=project.is_library)
        print(f"{project.name}, {how}: {summary(made)}; {seconds:.1f} s", flush=True)
        if with_misses:
            print(details(made), flush=True)


def scanned(project: RealProject, how: str) -> Scan:
    """The scan of a project's source in one of the ways of `HOW`."""
    root = source_of(project)
    found = scan(
        root,
        venv=None if how == "source alone" else venv_of(project),
        # The truth is one of some settings, which a user would name as well.
        pythonpath=[beside(project)],
        settings=project.settings or OWN_SETTINGS,
    )
    return merged(found, registry_of(project), root) if how == "with --registry" else found


def summary(made: Score) -> str:
    """One line: recall by kind, precision, models, places, and why what is missed."""
    kinds = " ".join(
        f"{kind} {made.found[kind]}/{made.wanted[kind]}"
        for kind in RELATION_KINDS
        if made.wanted[kind]
    )
    why = "; ".join(f"{count} {reason}" for reason, count in made.reasons.most_common())
    return (
        f"recall {made.recall:.1%} ({kinds}), precision {made.precision:.1%}, "
        f"models {made.models_found}/{made.models_wanted}, "
        f"places {made.placed - len(made.misplaced)}/{made.placed}, "
        f"through {made.throughs}/{made.found.total()}"
        + (f", aside {made.aside}" if made.aside else "")
        + (f" | missed: {why}" if why else "")
    )


def details(made: Score) -> str:
    """A line for each miss (-), each invention (+) and each other place (~)."""
    lines = [
        f"  {sign} {each.kind} {each.source}.{each.field} -> {each.target}"
        f"  {each.place}  ({each.reason})"
        for sign, facts in (("-", made.misses), ("+", made.inventions))
        for each in facts
    ]
    return "\n".join([*lines, *(f"  ~ {each}" for each in made.misplaced)])


if __name__ == "__main__":
    sys.exit(main())
