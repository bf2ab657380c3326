"""Real projects from PyPI: what a scan finds of them, by Django's own word.

Slow, as each is installed into an environment of its own; `python -m tests.assess.truth --all` does
so for every one, and tells each miss.
"""

from __future__ import annotations

import pytest

from tests.assess.truth.__main__ import details, scanned
from tests.assess.truth.environments import ProjectUnavailable, source_of, truth_of
from tests.assess.truth.projects import PROJECTS
from tests.assess.truth.scoring import Score, score

PRECISION = 0.99


def scored(name: str, how: str) -> Score:
    project = PROJECTS[name]
    try:
        truth = truth_of(project)
    except ProjectUnavailable as error:
        pytest.skip(str(error))
    found = scanned(project, how)
    return score(found, truth, source_of(project), is_library=project.is_library)


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(
    ("name", "how", "recall"),
    [
        ("django-oscar", "source alone", 0.95),
        ("django-oscar", "with --venv", 0.97),
        ("django-oscar", "with --registry", 1.0),
        ("pulpcore", "source alone", 0.90),
        ("pulpcore", "with --venv", 0.97),
        ("pulpcore", "with --registry", 1.0),
    ],
)
def test_a_scan_finds_what_django_has_and_invents_nothing(
    name: str, how: str, recall: float
) -> None:
    made = scored(name, how)
    assert made.recall >= recall, details(made)
    assert made.precision >= PRECISION, details(made)
    assert made.misplaced == []
