"""Letters are owed in the database, so none is lost and none is owed twice."""

import smtplib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

import ramet
from ramet.testing import Clock, Events
from shop.money import Money
from shop.orders.events import OrderConfirmed
from shop.users import handlers, letters
from shop.users.models import Letter, User
from shop.users.tasks import send_letters

pytestmark = pytest.mark.django_db


@pytest.fixture
def carol() -> User:
    return User.objects.create_user("carol", "carol@shop.example", "x", first_name="Carol")


def confirmed(user_id: Any, order_id: Any = None) -> OrderConfirmed:
    return OrderConfirmed(order_id=order_id or uuid4(), customer_id=user_id, total=Money.of(25))


def test_a_confirmed_order_is_confirmed_by_mail(carol: User) -> None:
    event = confirmed(carol.pk)
    handlers.send_confirmation(event)
    assert send_letters() == 1
    (message,) = mail.outbox
    assert message.to == ["carol@shop.example"]
    assert str(event.order_id) in message.subject
    assert "25.00 EUR" in message.body
    assert "Carol" in message.body


def test_an_event_that_comes_twice_owes_one_letter(carol: User) -> None:
    event = confirmed(carol.pk)
    handlers.send_confirmation(event)
    handlers.send_confirmation(event)
    assert send_letters() == 1
    assert send_letters() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.placements("monolith", "services")
def test_an_event_that_is_repeated_and_a_worker_that_loses_its_database_send_one_letter(
    carol: User, events: Events
) -> None:
    events.duplicate()
    events.drop_connection()
    with transaction.atomic():
        ramet.publish(confirmed(carol.pk))
    events.settle()
    assert len(mail.outbox) == 1


def test_a_customer_who_is_gone_gets_no_letter() -> None:
    handlers.send_confirmation(confirmed(uuid4()))
    assert not Letter.objects.exists()


def test_a_letter_that_cannot_be_sent_stays_owed(
    carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers.send_confirmation(confirmed(carol.pk))
    with monkeypatch.context() as patch:

        def fail(self: EmailMessage, fail_silently: bool = False) -> int:
            raise ConnectionRefusedError

        patch.setattr(EmailMessage, "send", fail)
        with pytest.raises(ConnectionRefusedError):
            letters.send_due()
    assert letters.send_due() == 1


def test_a_letter_that_is_refused_holds_no_other_up_and_is_given_up_in_the_end(
    carol: User, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    bob = User.objects.create_user("bobby", "bobby@shop.example", "x")
    refused, other = uuid4(), uuid4()
    handlers.send_confirmation(confirmed(carol.pk, refused))
    handlers.send_confirmation(confirmed(bob.pk, other))
    send = EmailMessage.send

    def refuse_carol(self: EmailMessage, fail_silently: bool = False) -> int:
        if self.to == [carol.email]:
            raise smtplib.SMTPRecipientsRefused({carol.email: (550, b"no such mailbox")})
        return send(self, fail_silently)

    monkeypatch.setattr(EmailMessage, "send", refuse_carol)
    assert letters.send_due() == 1
    assert [message.to for message in mail.outbox] == [[bob.email]]
    letter = Letter.objects.get(subject_id=refused)
    assert (letter.attempts, letter.sent_at) == (1, None)
    assert "550" in letter.error
    assert 30 < (letters.seconds_to_next() or 0) <= 60
    for _ in range(letters.ATTEMPTS):
        clock.advance(hours=1, also=[Letter])
        letters.send_due()
    letter.refresh_from_db()
    assert letter.attempts == letters.ATTEMPTS
    assert letters.seconds_to_next() is None


def test_a_clock_that_was_set_back_delays_no_letter(carol: User) -> None:
    handlers.send_confirmation(confirmed(carol.pk))
    Letter.objects.update(due_at=timezone.now() + timedelta(hours=2))
    assert letters.send_due() == 1


def test_a_broker_that_is_away_fails_nobody(
    carol: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(send_letters, "delay", fail)
    with django_capture_on_commit_callbacks(execute=True):
        handlers.send_confirmation(confirmed(carol.pk))
    assert letters.send_due() == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_each_letter_once(carol: User, at_once: Any) -> None:
    Letter.objects.bulk_create(
        Letter(user=carol, kind="welcome", subject_id=uuid4()) for _ in range(20)
    )
    assert sum(at_once(lambda _: letters.send_due(), range(6))) == 20
    assert len(mail.outbox) == 20
