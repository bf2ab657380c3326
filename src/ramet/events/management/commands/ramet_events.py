"""`manage.py ramet_events lag|dead|replay|discard`: outbox and inbox of this process's database."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from ramet.events import dead_letters, operating
from ramet.events.dead_letters import Choice
from ramet.events.models import Inbox

MISUSED = 2


class Command(BaseCommand):
    help = "Show how far events are behind, list dead letters, replay or discard them."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        lag = deeds.add_parser("lag", help="what waits to be sent and to be worked off")
        dead = deeds.add_parser("dead", help="events whose handler gave up")
        replay = deeds.add_parser("replay", help="try dead letters again")
        discard = deeds.add_parser("discard", help="never replay dead letters, but keep them")
        for each in (lag, dead, replay, discard):
            each.add_argument("--json", action="store_true")
        for each in (dead, replay, discard):
            each.add_argument("event_ids", nargs="*", type=UUID)
            each.add_argument("--handler", default="", help="part of the handler's name")
            each.add_argument("--type", default="", help="part of the event's type")
            each.add_argument("--key", help="the whole key")
            each.add_argument("--since", type=_time, help="died then or later, as RFC 3339")
            each.add_argument("--until", type=_time, help="died before that")
            each.add_argument("--error", default="", help="part of the error's text")
        for each in (replay, discard):
            each.add_argument("--all", action="store_true", dest="everything")
            each.add_argument("--dry-run", action="store_true", help="only say which")
        dead.add_argument("--limit", type=int, default=50)
        for each in (lag, dead):
            each.add_argument("--for-page", action="store_true", help="all that a page shows")
        dead.add_argument("--discarded", action="store_true", help="those that were discarded")

    def handle(self, *args: Any, **options: Any) -> None:
        {"lag": self._lag, "dead": self._dead}.get(options["deed"], self._change)(options)

    def _lag(self, options: dict[str, Any]) -> None:
        found = operating.lag()
        if options["for_page"]:
            retrying = dead_letters.retrying()
            self.stdout.write(json.dumps(found.as_json() | {"retrying": retrying}))
            return
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json()))
            return
        self.stdout.write(f"{found.unsent} to be sent, the oldest for {found.oldest_unsent} s")
        if found.scheduled:
            self.stdout.write(f"{found.scheduled} for later, the first in {found.next_scheduled} s")
        for each in found.handlers:
            self.stdout.write(
                f"{each.handler}: {each.waiting} waiting, the oldest for {each.oldest} s,"
                f" {each.retrying} tried again, {each.dead} dead"
                + (f", {each.held} held: {', '.join(each.held_types)}" if each.held else "")
                + ("" if each.is_known else "; nothing here subscribes under this name")
            )

    def _dead(self, options: dict[str, Any]) -> None:
        state = Inbox.State.DISCARDED if options["discarded"] else Inbox.State.DEAD
        letters = dead_letters.dead(
            _choice(options), options["limit"], state=state, for_page=options["for_page"]
        )
        if options["json"]:
            self.stdout.write(json.dumps(letters))
            return
        for each in letters:
            self.stdout.write(
                f"{each['event_id']} {each['type']} key {each['key']}\n"
                f"  {each['handler']}, {each['attempts']} attempts, died {each['died_at']}\n"
                f"  {each['error']}"
            )
        if not letters:
            self.stdout.write("no dead letters")

    def _change(self, options: dict[str, Any]) -> None:
        """Replay or discard; an id that is no dead letter does not keep the others from it."""
        choice = _choice(options)
        if not choice.is_narrow and not options["everything"]:
            raise CommandError(
                "Nothing was chosen. Name event ids of `ramet events dead`, an option that"
                " narrows, or --all.",
                returncode=MISUSED,
            )
        missing = dead_letters.missing(choice.event_ids)
        is_replay, is_dry = options["deed"] == "replay", options["dry_run"]
        withheld = dead_letters.withheld(choice) if is_replay else 0
        if is_dry:
            letters = dead_letters.replayable(choice) if is_replay else choice.letters()
            count = letters.count()
        else:
            count = (dead_letters.replay if is_replay else dead_letters.discard)(choice)
        if options["json"]:
            told = {str(each): state for each, state in missing.items()}
            self.stdout.write(json.dumps({"count": count, "missing": told, "withheld": withheld}))
            return
        if count:
            deed = "tried again" if is_replay else "kept and never tried again"
            self.stdout.write(f"{count} {'would' if is_dry else 'will'} be {deed}")
        if withheld:
            self.stdout.write(f"{withheld} not from their producer stay dead unless named by id")
        if missing:
            told_of = ", ".join(f"{each} ({state})" for each, state in missing.items())
            raise CommandError(f"No dead letter here: {told_of}.", returncode=1)
        if not count:
            raise CommandError("No dead letter matches; see `ramet events dead`.", returncode=1)


def _choice(options: dict[str, Any]) -> Choice:
    return Choice(
        event_ids=tuple(options["event_ids"]),
        handler=options["handler"],
        type=options["type"],
        key=options["key"],
        since=options["since"],
        until=options["until"],
        error=options["error"],
    )


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time, such as 2026-01-02T10:00:00Z") from None
    if found.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} has no time zone, such as 2026-01-02T10:00:00Z")
    return found
