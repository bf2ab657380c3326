"""Mails as Django's file backend writes them, and ones that try to be something else."""

import textwrap

import pytest
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.filebased import EmailBackend

from ramet.tools.dashboard.mails import all_mails, find


@pytest.fixture
def written(tmp_path):
    """Two mails, written by the very backend whose files are read."""
    backend = EmailBackend(file_path=str(tmp_path))
    first = EmailMultiAlternatives(
        "Welcome, Zoë", "Hello\n<b>you</b>", "shop@x.example", ["a@x.example"]
    )
    first.attach_alternative("<script>alert(1)</script>", "text/html")
    second = EmailMultiAlternatives("Order confirmed", "Thanks", "shop@x.example", ["b@x.example"])
    first.extra_headers["Date"] = "Mon, 23 Nov 2026 10:00:00 -0000"
    second.extra_headers["Date"] = "Mon, 23 Nov 2026 11:00:00 -0000"
    backend.send_messages([first, second])
    return tmp_path


def test_every_mail_of_a_file_is_found_the_newest_first(written):
    mails = all_mails(written)
    assert [mail.subject for mail in mails] == ["Order confirmed", "Welcome, Zoë"]
    assert [mail.recipient for mail in mails] == ["b@x.example", "a@x.example"]


def test_text_and_html_are_told_apart(written):
    confirmed, welcome = all_mails(written)
    assert welcome.text.strip() == "Hello\n<b>you</b>"
    assert welcome.html.strip() == "<script>alert(1)</script>"
    assert (confirmed.text.strip(), confirmed.html) == ("Thanks", "")


def test_attachments_are_named(tmp_path):
    mail = EmailMultiAlternatives("Invoice", "Here", "shop@x.example", ["a@x.example"])
    mail.attach("invoice.pdf", b"%PDF", "application/pdf")
    EmailBackend(file_path=str(tmp_path)).send_messages([mail])
    assert all_mails(tmp_path)[0].attachments == ("invoice.pdf",)


def test_a_mail_is_found_by_its_key(written):
    for mail in all_mails(written):
        assert find(written, mail.key) == mail


def test_keys_that_leave_the_folder_find_nothing(written):
    (written.parent / "outside.log").write_text("Subject: secret\n\nsecret\n")
    for key in ("../outside~0", "outside", "~0", "..~0", "x/../../outside~0"):
        assert find(written, key) is None


def test_what_is_no_mail_is_shown_as_far_as_it_can_be(tmp_path):
    (tmp_path / "odd.log").write_bytes(b"\xff\xfe\x00 no header here\n")
    (tmp_path / "charset.log").write_bytes(
        textwrap.dedent(
            """\
            Subject: unknown character set
            Content-Type: text/plain; charset="x-nobody-knows"
            Date: yesterday

            hello
            """
        ).encode()
    )
    subjects = {mail.subject: mail.text.strip() for mail in all_mails(tmp_path)}
    assert subjects["unknown character set"] == "hello"
    assert "(no subject)" in subjects


def test_no_folder_means_no_mails(tmp_path):
    assert all_mails(tmp_path / "mail") == []
