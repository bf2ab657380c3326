"""The caller follows the work of a thread, and no further."""

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from django.core.signals import request_finished, request_started

from ramet.identity import (
    Anonymous,
    InvalidToken,
    User,
    current_token,
    current_user,
    use_token,
    verify,
)
from ramet.identity.context import bind
from tests.unit.identity.conftest import ALICE

Make = Callable[..., str]


def test_nobody_is_the_caller_at_first(token: Make) -> None:
    assert current_user() == Anonymous()
    assert current_token() is None
    assert not current_user().is_authenticated


def test_the_holder_of_a_token_is_the_caller_inside_the_block(token: Make) -> None:
    text = token(scopes=["a"])
    with use_token(text) as user:
        assert isinstance(user, User)
        assert current_user() is user
        assert user.id == UUID(ALICE)
        assert user.has_scope("a")
        assert not user.has_scope("b")
        assert current_token() == text
    assert current_user() == Anonymous()


def test_blocks_nest_and_none_means_nobody(token: Make) -> None:
    with use_token(token()):
        with use_token(token(username="bob", subject=ALICE.replace("6", "7"))):
            assert current_user().username == "bob"
        with use_token(None):
            assert current_user() == Anonymous()
        assert current_user().username == "alice"


def test_a_bad_token_never_enters_the_block(token: Make) -> None:
    with use_token(token()):
        with pytest.raises(InvalidToken), use_token("nonsense"):
            pytest.fail("entered")
        assert current_user().username == "alice"


def test_another_thread_has_another_caller(token: Make) -> None:
    seen: list[object] = []
    with use_token(token()):
        thread = threading.Thread(target=lambda: seen.append(current_user()))
        thread.start()
        thread.join()
    assert seen == [Anonymous()]


@pytest.mark.django_db  # Django looks at its own connections at both ends too
@pytest.mark.parametrize("signal", [request_started, request_finished])
def test_both_ends_of_a_request_forget_the_caller(token: Make, signal: object) -> None:
    bind(verify(token()))
    assert current_user().is_authenticated
    signal.send(sender=object, environ={})  # type: ignore[attr-defined]
    assert not current_user().is_authenticated


def test_a_program_that_acts_for_itself_has_no_users_id(token: Make) -> None:
    with use_token(token(subject="reporting", client_id="reporting", username="")) as user:
        assert isinstance(user, User)
        assert user.pk == "reporting"
        assert user.username == "reporting"
        with pytest.raises(ValueError, match="is not a user's id"):
            _ = user.id


def test_users_are_equal_by_subject(token: Make) -> None:
    with use_token(token()) as first, use_token(token(scopes=[])) as second:
        assert first == second
        assert hash(first) == hash(second)
        assert first != Anonymous()
        assert current_token() not in repr(second)
