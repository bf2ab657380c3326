"""Accounts over HTTP: anyone registers, people see and change their own."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from rest_framework.test import APIClient

from ramet.identity import User as Caller
from shop.users.models import User

pytestmark = pytest.mark.django_db

Api = Callable[[Caller | None], APIClient]
URL = "/api/v1/users/"
CAROL = {"username": "carol", "email": "carol@shop.example", "password": "under-the-apple-tree"}


def register(api: Api, **change: Any) -> Any:
    return api(None).post(URL, CAROL | change, format="json")


def test_anyone_registers_and_the_password_is_kept_hashed(api: Api) -> None:
    answer = register(api)
    assert answer.status_code == 201
    user = User.objects.get(username="carol")
    assert answer.json() == {
        "id": str(user.pk),
        "username": "carol",
        "email": "carol@shop.example",
    }
    assert CAROL["password"] not in user.password
    assert user.check_password(CAROL["password"])
    assert not user.is_staff


def test_a_welcome_mail_is_sent_after_the_commit(
    api: Api, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        register(api)
    assert mail.outbox == []
    for callback in callbacks:
        callback()
    (message,) = mail.outbox
    assert message.to == ["carol@shop.example"]
    assert "Welcome" in message.subject
    assert "carol" in message.body


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"username": ""}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"email": "nowhere"}, "email"),
        ({"email": ""}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "1234567890"}, "password"),
        ({"username": "apple-tree", "password": "apple-tree"}, "password"),
        ({"username": "a\0b"}, "username"),
        ({"username": "\ufdfa"}, "username"),  # one letter that stands for four words
        ({"username": "\ufb03" * 60}, "username"),  # sixty that stand for three each
    ],
)
def test_a_wrong_field_is_named(api: Api, change: dict[str, str], path: str) -> None:
    answer = register(api, **change)
    assert answer.status_code == 400
    assert answer["content-type"] == "application/problem+json"
    assert {error["path"] for error in answer.json()["errors"]} == {path}
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"email": "else@shop.example"}, "username"),
        ({"email": "else@shop.example", "username": "CAROL"}, "username"),
        ({"email": "else@shop.example", "username": "\uff43arol"}, "username"),  # a full-width c
    ],
)
def test_names_are_given_once(api: Api, change: dict[str, str], path: str) -> None:
    register(api)
    answer = register(api, **change)
    assert answer.status_code == 400
    assert {error["path"] for error in answer.json()["errors"]} == {path}


@pytest.mark.parametrize("spelling", ["{}@shop.example", "{}@SHOP.example", "{}@Shop.Example"])
def test_only_the_owner_of_an_address_learns_that_it_has_an_account(
    api: Api, django_capture_on_commit_callbacks: Any, spelling: str
) -> None:
    register(api)
    told = []
    for name, owner in (("else", "Carol"), ("elsa", "Doris")):
        given = {"username": f"\uff45{name[1:]}", "email": spelling.format(owner)}
        with django_capture_on_commit_callbacks(execute=True):
            answer = register(api, **given)
        said = answer.json()
        assert UUID(said.pop("id"))
        # As it is stored, also where nothing is.
        assert said == {"username": name, "email": f"{owner.lower()}@shop.example"}
        told.append((answer.status_code, dict(answer.headers)))
    assert told[0] == told[1]
    assert told[0][0] == 201
    assert {user.username for user in User.objects.all()} == {"carol", "elsa"}
    message = mail.outbox[0]
    assert message.to == ["carol@shop.example"]
    assert "already exists" in message.body


@pytest.mark.parametrize("lookalike", ["m\u0131ss@shop.example", "mi\u017f\u017f@shop.example"])
def test_the_mail_to_an_owner_goes_to_no_address_that_looks_alike(
    api: Api, django_capture_on_commit_callbacks: Any, lookalike: str
) -> None:
    """In upper case, dotless i is I and long s is S: the mailbox may be somebody else's."""
    register(api, username="miss", email="miss@shop.example")
    with django_capture_on_commit_callbacks(execute=True):
        register(api, username="else", email=lookalike)
    assert [m.to for m in mail.outbox if "already exists" in m.body] == []


def test_who_registers_again_and_again_is_asked_to_wait(api: Api) -> None:
    spellings = ("carol@shop.example", "CAROL@shop.example", "Carol@Shop.Example") * 2
    answers = [
        register(api, username=f"carol{number}", email=spelling)
        for number, spelling in enumerate(spellings)
    ]
    assert [answer.status_code for answer in answers] == [201] * 5 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert answers[-1]["content-type"] == "application/problem+json"


@pytest.mark.django_db(transaction=True)
def test_of_many_who_want_a_name_at_once_one_gets_it(
    api: Api, at_once: Callable[..., list[Any]]
) -> None:
    answers = at_once(lambda number: register(api, email=f"{number}@shop.example"), range(8))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {400, 409}
    assert User.objects.count() == 1


def test_nobody_becomes_staff_by_asking(api: Api) -> None:
    register(api, is_staff=True, is_superuser=True, id=str(uuid4()))
    assert not User.objects.filter(is_staff=True).exists()


def test_people_see_and_change_themselves(api: Api, person: Callable[..., Caller]) -> None:
    carol = User.objects.create_user("carol", "carol@shop.example", "x")
    client = api(person(id=carol.pk))
    assert client.get(f"{URL}me/").json()["username"] == "carol"
    answer = client.patch(
        f"{URL}me/", {"first_name": "Carol", "username": "root", "is_staff": True}, format="json"
    )
    assert (answer.status_code, answer.json()["first_name"]) == (200, "Carol")
    carol.refresh_from_db()
    assert (carol.first_name, carol.username, carol.is_staff) == ("Carol", "carol", False)


def test_a_token_alone_changes_no_address(api: Api, person: Callable[..., Caller]) -> None:
    """Whoever gets hold of one for five minutes could have the password sent to them then."""
    carol = User.objects.create_user("carol", "carol@shop.example", "x")
    answer = api(person(id=carol.pk)).patch(
        f"{URL}me/", {"email": "thief@shop.example"}, format="json"
    )
    assert (answer.status_code, answer.json()["email"]) == (200, "carol@shop.example")
    carol.refresh_from_db()
    assert carol.email == "carol@shop.example"


def test_who_is_not_signed_in_or_gone_sees_nothing(api: Api, alice: Caller) -> None:
    assert api(None).get(f"{URL}me/").status_code == 401
    assert api(alice).get(f"{URL}me/").status_code == 404
    assert api(alice).get(URL).status_code == 405
