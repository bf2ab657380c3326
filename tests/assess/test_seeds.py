"""Groups of real projects hardly depend on the seed."""

import pytest

from ramet.tools.assess.scanning import scan
from tests.assess.seeds import alike, least_agreement
from tests.assess.truth.environments import ProjectUnavailable, source_of
from tests.assess.truth.projects import PROJECTS


def test_a_pair_that_one_grouping_parts_counts_against_it() -> None:
    together = {"a": 0, "b": 0, "c": 1}
    assert alike(together, {"a": 7, "b": 7, "c": 3}) == 1
    assert alike(together, {"a": 0, "b": 1, "c": 1}) == pytest.approx(1 / 3)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["django-oscar", "weblate", "pretix"])
def test_groups_are_the_same_for_nearly_all_pairs_whatever_the_seed(name: str) -> None:
    try:
        source = source_of(PROJECTS[name])
    except ProjectUnavailable as error:
        pytest.skip(str(error))
    assert least_agreement(scan(source), seeds=3) >= 0.95
