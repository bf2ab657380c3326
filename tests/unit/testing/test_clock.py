"""The clock: all of Ramet's times become older, and models of the project that go along."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from ramet.events.models import Inbox, Lease
from ramet.sagas.models import SagaRun
from ramet.testing import Clock

pytestmark = pytest.mark.django_db


def test_every_time_of_every_row_of_ramet_becomes_older(clock: Clock) -> None:
    now = timezone.now()
    SagaRun.objects.create(name="n", version=1, state={}, run_at=now, finished_at=None)
    Lease.objects.create(name="l", holder="h", until=now)
    clock.advance(hours=1, seconds=1)
    clock.advance(days=1)
    run, lease = SagaRun.objects.get(), Lease.objects.get()
    by = timedelta(days=1, hours=1, seconds=1)
    assert abs(run.run_at - (now - by)) < timedelta(milliseconds=2)
    assert abs(lease.until - (now - by)) < timedelta(milliseconds=2)
    assert run.created_at < now - by + timedelta(seconds=10)
    assert run.finished_at is None
    assert clock.elapsed == by
    assert not Inbox.objects.exists()


def test_models_of_the_project_go_along_when_they_are_named(clock: Clock) -> None:
    user = User.objects.create_user("carol")
    clock.advance(hours=1)
    assert User.objects.get().date_joined == user.date_joined
    clock.advance(hours=1, also=[User])
    assert User.objects.get().date_joined == user.date_joined - timedelta(hours=1)
