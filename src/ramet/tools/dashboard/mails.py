"""The mails that the local system wrote instead of sending them, from Django's file backend."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

__all__ = ["Mail", "all_mails", "find"]

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
# Django's console backend, which its file backend derives from, ends each mail with this line.
_END = b"-" * 79
_MOST = 200
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. `key` names it in URLs; `text` and `html` are its parts, "" where it has none.

    `html` is what somebody else wrote: it is to be shown in a sandbox only.
    """

    key: str
    sender: str
    recipient: str
    subject: str
    sent_at: datetime
    text: str
    html: str
    attachments: tuple[str, ...]


def all_mails(folder: Path) -> list[Mail]:
    """The latest 200 mails, the newest first; a file that is being written may lack its last."""
    files = sorted(folder.glob("*.log"), key=_modified, reverse=True)[:_MOST]
    mails = [mail for path in files for mail in _read(path)]
    return sorted(mails, key=lambda mail: mail.sent_at, reverse=True)[:_MOST]


def find(folder: Path, key: str) -> Mail | None:
    """The mail with this key."""
    name, _, _ = key.rpartition("~")
    if not _NAME.fullmatch(name):
        return None
    return next((mail for mail in _read(folder / f"{name}.log") if mail.key == key), None)


def _read(path: Path) -> list[Mail]:
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST)
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return []
    parts = re.split(rb"^" + _END + rb"\r?\n", content, flags=re.MULTILINE)
    return [
        _mail(part, f"{path.stem}~{number}", modified)
        for number, part in enumerate(parts)
        if part.strip()
    ]


def _mail(raw: bytes, key: str, modified: datetime) -> Mail:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)  # what policy.default makes
    return Mail(
        key=key,
        sender=str(message["From"] or ""),
        recipient=str(message["To"] or ""),
        subject=str(message["Subject"] or "(no subject)"),
        sent_at=_date(message) or modified,
        text=_part(message, "plain"),
        html=_part(message, "html"),
        attachments=tuple(
            part.get_filename("without a name") for part in message.iter_attachments()
        ),
    )


def _date(message: EmailMessage) -> datetime | None:
    try:
        date = parsedate_to_datetime(str(message["Date"]))
    except (ValueError, TypeError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _part(message: EmailMessage, kind: Literal["plain", "html"]) -> str:
    body = message.get_body(preferencelist=(kind,))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, KeyError, ValueError):  # an unknown character set or encoding
        payload = body.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
