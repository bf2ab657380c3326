"""What a call hands on: deadlines shrink, keys count, and both end with their block."""

import time

from ramet.calls import context


def test_a_deadline_inside_another_only_shrinks() -> None:
    with context.use_deadline(10.0):
        with context.use_deadline(1.0):
            assert 0.5 < (context.remaining() or 0) <= 1.0
        with context.use_deadline(100.0):
            assert 9.0 < (context.remaining() or 0) <= 10.0
    assert context.remaining() is None


def test_what_remains_becomes_negative() -> None:
    with context.use_deadline(0.0):
        time.sleep(0.001)
        assert (context.remaining() or 0) < 0


def test_a_scope_counts_the_calls_of_each_operation() -> None:
    with context.use_idempotency_scope("saga/1"):
        scope = context.idempotency_scope.get()
        assert scope is not None
        keys = [scope.next_key(name) for name in ("a.B.c", "a.B.d", "a.B.c")]
    assert keys == ["saga/1/a.B.c/1", "saga/1/a.B.d/1", "saga/1/a.B.c/2"]
    assert context.idempotency_scope.get() is None
