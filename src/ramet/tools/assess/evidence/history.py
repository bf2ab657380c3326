"""`--git`: what changes together, by the version control's history.

Two apps that are always changed in one commit are one thing, whatever their imports say; and a
boundary that no commit crosses is one that the team already keeps. After Gall et al., "Detection
of logical coupling based on product release history", ICSM 1998; commits are bounded and large
ones left out, since a reformatting couples everything with everything.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path, PurePosixPath

import msgspec

from ramet.tools.assess.facts import Edge, Gap, Scan

__all__ = ["LARGEST_COMMIT", "LEAST_SHARE", "LEAST_TIMES", "MOST_COMMITS", "with_history"]

MOST_COMMITS = 5000
"""The youngest are read. Older ones tell of a project that is no more."""

LARGEST_COMMIT = 30
"""Files. A commit of more is a rename, a licence header or a reformatting, not one thought."""

LEAST_TIMES = 3
LEAST_SHARE = 0.2
"""Fewer commits together, or a smaller share of the one that changes less, are chance."""

GIT_SECONDS = 60
_KINDS = (".py", ".html", ".txt")
_SEPARATOR = "\x01"


@dataclass(frozen=True)
class _Commit:
    """Files under their names of today, from the scanned root."""

    files: frozenset[str]


def with_history(scan: Scan, root: Path) -> Scan:
    """Return `scan` with an edge of kind `history` for each two that changed together often.

    They are apps; a model, where its file has no other. Where there is no history, a gap says why.
    """
    listed = _log(root)
    if isinstance(listed, Gap):
        return msgspec.structs.replace(scan, gaps=[*scan.gaps, listed])
    commits = list(_commits(listed))
    small = [each for each in commits if len(each.files) <= LARGEST_COMMIT]
    edges = list(_edges(scan, small))
    gaps = list(_gaps(root, len(commits), len(small)))
    return msgspec.structs.replace(scan, edges=[*scan.edges, *edges], gaps=[*scan.gaps, *gaps])


# Reading


def _log(root: Path) -> str | Gap:
    command = [
        *("git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "--no-pager"),
        *("log", "--no-merges", "--no-ext-diff", "--no-textconv", "--relative"),
        *("--name-status", "-M", f"--max-count={MOST_COMMITS}", "--format=%x01"),
        *("--", "."),
    ]
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env={**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
        )
    except FileNotFoundError:
        return _no_history("There is no git on this machine.", "Install git, or leave out --git.")
    except subprocess.TimeoutExpired:
        why = f"git log took more than {GIT_SECONDS} s."
        return _no_history(why, "Clone to a local disk and try again.")
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        why = f"{said[0].replace(str(root.resolve()), root.name) if said else 'git log failed'}."
        return _no_history(why, "Assess a clone that has its .git folder.")
    return done.stdout.decode(errors="replace")


def _no_history(why: str, remedy: str) -> Gap:
    return Gap(kind="no-history", file="", line=0, found="no history", why=why, remedy=remedy)


def _commits(listed: str) -> Iterator[_Commit]:
    """The youngest first, so that a rename is known before the file's older names come."""
    today: dict[str, str] = {}
    for block in listed.split(_SEPARATOR):
        files = set()
        for line in block.splitlines():
            status, *names = line.split("\t")
            if not names:
                continue
            current = today.get(names[-1], names[-1])
            if status.startswith("R"):
                today[names[0]] = current
            files.add(current)
        if files:
            yield _Commit(frozenset(files))


# Counting


def _edges(scan: Scan, commits: list[_Commit]) -> Iterator[Edge]:
    place_of = _Places(scan)
    alone: Counter[str] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    changes: Counter[tuple[str, str]] = Counter()
    for commit in commits:
        found = {file: place for file in commit.files if (place := place_of(file))}
        changes.update((place, file) for file, place in found.items())
        places = sorted(set(found.values()))
        alone.update(places)
        together.update(combinations(places, 2))
    busiest: dict[str, str] = {}
    for (place, file), _ in sorted(changes.items(), key=lambda each: (-each[1], each[0])):
        busiest.setdefault(place, file)
    for (one, other), times in sorted(together.items()):
        least = min(alone[one], alone[other])
        if times >= LEAST_TIMES and times / least >= LEAST_SHARE:
            yield Edge(
                kind="history",
                source=one,
                target=other,
                field="",
                file=busiest[one],
                line=1,
                note=f"changed together in {times} of the {least} commits of the quieter one",
            )


class _Places:
    """A file -> the model that alone is in it, else its app, else ""."""

    def __init__(self, scan: Scan) -> None:
        own = [each for each in scan.models if each.is_own]
        counted = Counter(each.file for each in own)
        self._models = {each.file: each.label for each in own if counted[each.file] == 1}
        folders = [(each.file.rstrip("/"), each.label) for each in scan.apps if each.is_own]
        self._apps = sorted(folders, key=lambda each: -len(each[0]))

    def __call__(self, file: str) -> str:
        path = PurePosixPath(file)
        if path.suffix not in _KINDS or _is_beside(path):
            return ""
        if file in self._models:
            return self._models[file]
        return next(
            (label for folder, label in self._apps if not folder or file.startswith(folder + "/")),
            "",
        )


def _is_beside(path: PurePosixPath) -> bool:
    """Tests and migrations change with what they are of, and say nothing of boundaries."""
    is_test = path.stem in ("tests", "conftest") or path.stem.startswith("test_")
    return is_test or bool({"tests", "migrations", "locale"} & {*path.parts[:-1]})


def _gaps(root: Path, commits: int, small: int) -> Iterator[Gap]:
    if commits > small:
        yield Gap(
            kind="large-commits",
            file="",
            line=0,
            found=f"{commits - small} of {commits} commits change more than {LARGEST_COMMIT} files",
            why="A commit of that size couples everything with everything.",
            remedy="Nothing: they are left out on purpose.",
        )
    if _is_shallow(root):
        yield Gap(
            kind="shallow-history",
            file="",
            line=0,
            found=f"a shallow clone of {commits} commits",
            why="What changed together before it cannot be seen.",
            remedy="Run `git fetch --unshallow`.",
        )


def _is_shallow(root: Path) -> bool:
    done = subprocess.run(
        ["git", "rev-parse", "--is-shallow-repository"],
        cwd=root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=GIT_SECONDS,
    )
    return done.stdout.strip() == "true"
