"""How many events share a transaction: learned from how it went."""

from ramet.events.batches import QUICK, Pace


def test_a_handler_begins_alone_and_doubles_while_it_is_quick() -> None:
    pace = Pace(most=5)
    assert pace.size("one") == 1
    pace.went_well(["one"], QUICK / 2)
    assert pace.size("one") == 2
    pace.went_well(["one", "one"], QUICK)
    assert pace.size("one") == 4
    pace.went_well(["one"] * 4, QUICK)
    assert pace.size("one") == 5


def test_a_slow_handler_is_alone_again() -> None:
    pace = Pace(most=50)
    pace.went_well(["one"] * 8, QUICK)
    pace.went_well(["one"] * 8, QUICK * 8 * 1.1)
    assert pace.size("one") == 1


def test_after_a_failure_all_that_took_part_are_alone_again() -> None:
    pace = Pace(most=50)
    pace.went_well(["one", "two", "three"], QUICK)
    pace.went_wrong(["one", "two"])
    assert [pace.size(each) for each in ("one", "two", "three")] == [1, 1, 6]


def test_one_together_means_each_in_its_own_transaction() -> None:
    pace = Pace(most=1)
    pace.went_well(["one"], 0.0)
    assert pace.size("one") == 1
