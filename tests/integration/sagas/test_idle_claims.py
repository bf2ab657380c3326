"""What a worker asks PostgreSQL for when nothing is due must not grow with the runs that wait."""

from typing import Any


def test_a_claim_with_nothing_due_does_not_read_the_runs_that_wait(host: Any) -> None:
    answer = host.order("idle_claim", waiting=20_000)
    assert answer["took"] is False
    assert len(answer["read"]) == 3, "due, of another clock, and the next one"
    assert max(answer["read"]) < 20, answer["read"]
