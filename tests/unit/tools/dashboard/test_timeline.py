"""A run of a saga as rows: what happened, what is at work, what is still planned."""

from typing import Any

from ramet.tools.dashboard.timeline import WIDTH, timeline

DECLARED = {
    "steps": [
        {"name": "reserve", "undo": "release", "attempts": 6, "pivot": False},
        {"name": "pay", "undo": "void", "attempts": 5, "pivot": False},
        {"name": "confirm", "undo": None, "attempts": 5, "pivot": True},
    ]
}
SECOND = 1_000_000_000
NOW = 1_767_348_010 * SECOND  # 2026-01-02T10:00:10Z


def at(second: int) -> str:
    return f"2026-01-02T10:00:{second:02}+00:00"


def entry(step: str, outcome: str, begun: int, ended: int, **more: Any) -> dict[str, Any]:
    return {
        "step": step,
        "direction": "forward",
        "outcome": outcome,
        "wait": "none",
        "attempts": 1,
        "error": "",
        "started_at": at(begun),
        "finished_at": at(ended),
        **more,
    }


def run(status: str, step: str, *journal: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "direction": "backward" if status == "compensating" else "forward",
        "step": step,
        "journal": list(journal),
        "created_at": at(0),
        "finished_at": None,
        "waits_for": None,
        "holder": "",
        "attempts": 0,
        "error": "",
        "failure": None,
        **more,
    }


def told(found: dict[str, Any]) -> list[tuple[str, bool, str]]:
    return [(row.step, row.is_undo, row.state) for row in timeline(found, DECLARED, NOW)]


def test_a_completed_run_is_what_its_journal_says() -> None:
    found = run(
        "completed",
        "",
        entry("reserve", "done", 0, 2),
        entry("pay", "done", 5, 10, wait="replied"),
        entry("confirm", "done", 10, 10),
        finished_at=at(10),
    )
    first, second, third = timeline(found, DECLARED, NOW)
    assert told(found) == [
        ("reserve", False, "done"),
        ("pay", False, "done"),
        ("confirm", False, "done"),
    ]
    assert (first.bar.x, first.bar.width) == (0, WIDTH // 5)
    assert (second.bar.x, second.bar.width) == (WIDTH // 2, WIDTH // 2)
    assert third.bar.x + third.bar.width == WIDTH  # too short to be seen, and within
    assert second.note == "after a reply"
    assert third.is_pivot
    assert (first.attempts, first.allowed) == (1, 6)


def test_a_step_that_is_tried_again_is_the_present_one_with_its_last_error() -> None:
    found = run(
        "running",
        "pay",
        entry("reserve", "done", 0, 2),
        entry("pay", "failed", 3, 4, attempts=2, error="Unavailable: the bank"),
        attempts=2,
        error="Unavailable: the bank",
    )
    assert told(found) == [
        ("reserve", False, "done"),
        ("pay", False, "now"),
        ("confirm", False, "planned"),
    ]
    row = timeline(found, DECLARED, NOW)[1]
    assert (row.attempts, row.note, row.error) == (
        2,
        "to be tried again",
        "Unavailable: the bank",
    )


def test_a_step_that_waits_says_for_what() -> None:
    found = run("running", "pay", entry("reserve", "done", 0, 2), waits_for="reply")
    row = timeline(found, DECLARED, NOW)[1]
    assert (row.state, row.note, row.kind) == ("waiting", "for a reply", "warn")


def test_on_the_way_back_what_was_done_is_undone_the_latest_first() -> None:
    found = run(
        "compensating",
        "void",
        entry("reserve", "done", 0, 2),
        entry("pay", "done", 2, 4),
        entry("confirm", "refused", 4, 5, error="OutOfStock"),
        failure={"step": "confirm"},
        holder="orders-worker",
    )
    assert told(found) == [
        ("reserve", False, "done"),
        ("pay", False, "done"),
        ("confirm", False, "refused"),
        ("void", True, "now"),
        ("release", True, "planned"),
    ]
    assert timeline(found, DECLARED, NOW)[3].note == "at work in orders-worker"


def test_what_is_still_to_be_undone_comes_the_latest_first() -> None:
    names = ("hold", "pack", "send", "bill")
    steps = [{"name": n, "undo": f"un{n}", "attempts": 1, "pivot": False} for n in names]
    journal = [entry(name, "done", number, number) for number, name in enumerate(names)]
    found = run("compensating", "unbill", *journal)
    rows = timeline(found, {"steps": steps}, NOW)[len(names) :]
    assert [row.step for row in rows] == ["unbill", "unsend", "unpack", "unhold"]


def test_a_stuck_run_needs_a_person() -> None:
    found = run("stuck", "confirm", entry("reserve", "done", 0, 2), entry("pay", "done", 2, 3))
    row = timeline(found, DECLARED, NOW)[2]
    assert (row.is_undo, row.state, row.note, row.kind) == (False, "stuck", "needs a person", "bad")
    back = {**found, "step": "void", "direction": "backward"}
    assert told(back)[2:] == [("void", True, "stuck"), ("release", True, "planned")]


def test_a_saga_that_no_code_knows_shows_what_happened() -> None:
    found = run("running", "#1", entry("reserve", "done", 0, 2), waits_for="code")
    rows = timeline(found, None, NOW)
    assert [(row.step, row.state) for row in rows] == [("reserve", "done"), ("#1", "waiting")]
