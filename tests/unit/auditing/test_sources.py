"""What Ramet writes down by itself: calls, operators' deeds, sign-ins."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.utils import timezone

import ramet
from ramet.auditing.middleware import AuditMiddleware
from ramet.auditing.models import Entry
from ramet.calls.caller import called_by
from ramet.events import dead_letters
from ramet.events.models import Inbox
from ramet.placement import Here
from ramet.placement.environment import Environment
from ramet.system import Gateway, Infrastructure, Service, System
from tests.unit.auditing.conftest import Log


class Groups(ramet.Contract, version=1):
    @ramet.operation(deadline="5s")
    def create(self, name: str) -> None:
        """Make a group."""

    @ramet.operation(deadline="5s", idempotent=True)
    def count(self) -> int:
        """How many there are."""

    @ramet.operation(deadline="5s")
    def seize(self) -> None:
        """What nobody may."""


@ramet.implements(Groups)
class GroupKeeper:
    def create(self, name: str) -> None:
        with transaction.atomic():
            Group.objects.create(name=name)
            ramet.audit("group.created", subject=name)

    def count(self) -> int:
        return Group.objects.count()

    def seize(self) -> None:
        with transaction.atomic():
            Group.objects.create(name="seized")
            raise PermissionDenied("the keeper alone")


@pytest.fixture(autouse=True)
def placed(tmp_path: Path) -> Iterator[None]:
    system = System(
        name="t",
        settings="tests.settings",
        services={"groups": Service("groups", apps=(__name__,))},
        gateway=Gateway(),
        infrastructure=Infrastructure(),
        path=tmp_path / "ramet.toml",
    )
    here = Here(system, frozenset({"groups"}), "monolith", Environment.read({}, system))
    with override_settings(RAMET=here):
        yield


def test_an_operation_that_changes_something_has_an_entry_and_its_facts_another(log: Log) -> None:
    ramet.client(Groups).create("a")
    assert log() == [("changed", ""), ("group.created", "a")]
    for entry in Entry.objects.all():
        assert entry.via == f"{__name__}.v1.Groups.create"
        assert (entry.service, entry.caller) == ("groups", "groups")


def test_a_request_says_who_let_it_in(log: Log) -> None:
    request = RequestFactory().post("/groups/")
    with called_by("gateway"):
        AuditMiddleware(lambda request: Group.objects.create(name="a") and HttpResponse())(request)
    assert Entry.objects.get().caller == "gateway"


def test_two_calls_have_two(log: Log) -> None:
    for name in "ab":
        ramet.client(Groups, idempotency_key=name).create(name)
    assert [action for action, _ in log()].count("changed") == 2


def test_a_call_that_is_repeated_with_its_key_has_none_of_its_own(log: Log) -> None:
    for _ in range(2):
        ramet.client(Groups, idempotency_key="k").create("a")
    assert log() == [("changed", ""), ("group.created", "a")]


def test_an_operation_that_reads_has_none(log: Log) -> None:
    assert ramet.client(Groups, idempotency_key="k").count() == 0
    assert log() == []


def test_an_operation_that_refuses_its_caller_is_noted_and_its_change_is_not(log: Log) -> None:
    with pytest.raises(ramet.Forbidden):
        ramet.client(Groups).seize()
    assert log() == [("refused", "")]
    entry = Entry.objects.get()
    assert entry.via == f"{__name__}.v1.Groups.seize"
    assert json.loads(entry.facts) == {"reason": "the keeper alone"}
    assert not Group.objects.exists()


@pytest.mark.parametrize("deed", ["replay", "discard"])
def test_an_operator_who_decides_about_dead_letters_is_named(
    log: Log, deed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/x/manage.py", "ramet_events", deed, "--key=a"])
    monkeypatch.setenv("SUDO_USER", "olivia")
    for _ in range(2):
        Inbox.objects.create(
            handler="h",
            event_id=uuid4(),
            type="t.v1",
            key="a",
            time=timezone.now(),
            payload="{}",
            headers="{}",
            state="dead",
        )
    assert getattr(dead_letters, deed)(dead_letters.Choice(key="a")) == 2
    entry = Entry.objects.get()
    assert entry.action == {"replay": "events.replayed", "discard": "events.discarded"}[deed]
    assert (entry.user, entry.via) == ("os:olivia", "manage.py ramet_events")
    assert json.loads(entry.facts) == {"count": 2, "handlers": ["h"], "key": "a"}


def test_a_choice_without_letters_is_no_deed(log: Log) -> None:
    assert dead_letters.replay(dead_letters.Choice(key="a")) == 0
    assert log() == []


def test_signing_in_and_out_is_noted(log: Log) -> None:
    user = User.objects.create(username="alice")
    user_logged_in.send(User, request=None, user=user)
    user_logged_out.send(User, request=None, user=user)
    user_logged_out.send(User, request=None, user=None)
    assert log() == [("signed-in", str(user.pk)), ("signed-out", str(user.pk))]
