"""`manage.py ramet_audit`: the audit log in this service's database."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ramet.auditing import chain
from ramet.auditing.models import Entry
from ramet.auditing.pruning import prune


class Command(BaseCommand):
    help = "List the audit log, verify that nothing of it was changed, or remove what is old."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="deed", required=True)
        listing = actions.add_parser("list", help="the latest entries, oldest first")
        for name in ("user", "action", "subject", "request-id", "service"):
            listing.add_argument(f"--{name}", default="")
        listing.add_argument("--since", type=_time)
        listing.add_argument("--until", type=_time)
        listing.add_argument("--limit", type=int, default=50)
        verifying = actions.add_parser("verify", help="compute the chain of seals anew")
        verifying.add_argument("--head", default="", help="a digest that was noted elsewhere")
        pruning = actions.add_parser("prune", help="remove entries that are older")
        pruning.add_argument("--before", type=_time, required=True)
        for each in (listing, verifying, pruning):
            each.add_argument("--json", action="store_true")

    def handle(self, *args: Any, deed: str, **options: Any) -> None:
        getattr(self, f"_{deed}")(**options)

    def _list(
        self,
        *,
        json: bool,
        limit: int,
        since: datetime | None,
        until: datetime | None,
        **options: Any,
    ) -> None:
        found = Entry.objects.order_by("-seq")
        for name in ("user", "action", "subject", "request_id", "service"):
            if options[name]:
                found = found.filter(**{name: options[name]})
        if since is not None:
            found = found.filter(at__gte=since)
        if until is not None:
            found = found.filter(at__lt=until)
        entries = [_told(each) for each in reversed(found[:limit])]
        if json:
            self._print(entries)
            return
        for each in entries:
            self.stdout.write(_line(each))
        if not entries:
            self.stdout.write("no entries")

    def _verify(self, *, json: bool, head: str, **_: Any) -> None:
        verdict = chain.verify(head)
        if json:
            # A list, as of every command that several databases are asked with.
            self._print([asdict(verdict)])
        else:
            self.stdout.write(
                f"{verdict.entries} entries are as they were sealed, {verdict.unsealed} are not"
                f" sealed yet, {verdict.pruned} were pruned; head {verdict.head or 'none'}"
            )
        if verdict.broken:
            places = [f"seal {each.seal or '-'}: {each.what}" for each in verdict.broken]
            raise CommandError("\n".join(places), returncode=1)

    def _prune(self, *, json: bool, before: datetime, **_: Any) -> None:
        removed = prune(before)
        if json:
            self._print([{"removed": removed}])
        else:
            self.stdout.write(f"{removed} entries removed")

    def _print(self, found: list[dict[str, Any]]) -> None:
        self.stdout.write(json.dumps(found, default=str))


def _told(entry: Entry) -> dict[str, Any]:
    names = ("seq", "action", "subject", "user", "caller", "via", "request_id", "seal")
    return {
        "at": entry.at.isoformat(),
        "service": entry.service,
        **{name: getattr(entry, name) for name in names},
        "facts": json.loads(entry.facts),
    }


def _line(told: dict[str, Any]) -> str:
    facts = " ".join(f"{name}={value}" for name, value in told["facts"].items())
    who = told["user"] or "nobody"
    asked = f" through {told['caller']}" if told["caller"] else ""
    return (
        f"{told['at']} {told['service'] or '-'} {told['action']} {told['subject']}".rstrip()
        + f" by {who}{asked}"
        + (f" via {told['via']}" if told["via"] else "")
        + (f" request {told['request_id']}" if told["request_id"] else "")
        + (f" {facts}" if facts else "")
    )


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time, such as 2026-01-02T10:00:00Z") from None
    if found.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} has no time zone, such as 2026-01-02T10:00:00Z")
    return found
