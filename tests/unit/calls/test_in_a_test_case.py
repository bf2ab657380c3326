"""In a Django TestCase on SQLite, calls work as a team's own tests need them to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import TestCase, override_settings

import ramet
from ramet.calls import CallInsideTransaction, InvalidArgument
from ramet.placement import Here
from ramet.placement.environment import Environment
from ramet.system import Gateway, Infrastructure, Service, System


class Taken(ramet.Refused):
    name: str


class Groups(ramet.Contract, version=1):
    @ramet.operation(deadline="5s")
    def create(self, name: str) -> int:
        """Make a group; return how many there are."""


@ramet.implements(Groups)
class GroupKeeper:
    def create(self, name: str) -> int:
        _, is_new = Group.objects.get_or_create(name=name)
        if not is_new:
            raise Taken(name)
        return Group.objects.count()


class TestCalls(TestCase):
    @pytest.fixture(autouse=True)
    def _placed(self, tmp_path: Path) -> Iterator[None]:
        system = System(
            name="t",
            settings="tests.settings",
            services={"groups": Service("groups", apps=(__name__,))},
            gateway=Gateway(),
            infrastructure=Infrastructure(),
            path=tmp_path / "ramet.toml",
        )
        here = Here(
            system=system,
            services=frozenset({"groups"}),
            group="monolith",
            environment=Environment.read({}, system),
        )
        with override_settings(RAMET=here):
            yield

    def test_a_call_sees_what_the_test_has_written(self) -> None:
        Group.objects.create(name="one")
        assert ramet.client(Groups).create("two") == 2

    def test_a_transaction_of_the_code_under_test_still_counts(self) -> None:
        with pytest.raises(CallInsideTransaction), transaction.atomic():
            ramet.client(Groups).create("one")

    def test_a_key_works_as_on_postgresql(self) -> None:
        client = ramet.client(Groups, idempotency_key="k")
        assert [client.create("one"), client.create("one")] == [1, 1]
        with pytest.raises(InvalidArgument):
            client.create("two")

    def test_a_refusal_is_stored(self) -> None:
        Group.objects.create(name="one")
        client = ramet.client(Groups, idempotency_key="k")
        for _ in range(2):
            with pytest.raises(Taken) as caught:
                client.create("one")
            assert caught.value.name == "one"
            Group.objects.all().delete()
