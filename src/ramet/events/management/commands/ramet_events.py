"""`manage.py ramet_events lag|dead|replay`: outbox and inbox of this process's database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from ramet.events import operating

NOT_HERE = 3


class Command(BaseCommand):
    help = "Show how far events are behind, list dead letters, or replay them."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        lag = deeds.add_parser("lag", help="what waits to be sent and to be worked off")
        dead = deeds.add_parser("dead", help="events whose handler gave up")
        replay = deeds.add_parser("replay", help="try dead letters again")
        for each in (lag, dead):
            each.add_argument("--json", action="store_true")
        for each in (dead, replay):
            each.add_argument("--handler", default="", help="part of the handler's name")
        dead.add_argument("--limit", type=int, default=50)
        replay.add_argument("event_ids", nargs="*", type=UUID)
        replay.add_argument("--all", action="store_true", dest="everything")

    def handle(self, *args: Any, **options: Any) -> None:
        deed = {"lag": self._lag, "dead": self._dead, "replay": self._replay}[options["deed"]]
        deed(options)

    def _lag(self, options: dict[str, Any]) -> None:
        found = operating.lag()
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json()))
            return
        self.stdout.write(f"{found.unsent} to be sent, the oldest for {found.oldest_unsent} s")
        for each in found.handlers:
            self.stdout.write(
                f"{each.handler}: {each.waiting} waiting, the oldest for {each.oldest} s,"
                f" {each.retrying} tried again, {each.dead} dead"
                + ("" if each.is_known else "; nothing here subscribes under this name")
            )

    def _dead(self, options: dict[str, Any]) -> None:
        letters = operating.dead(options["handler"], options["limit"])
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

    def _replay(self, options: dict[str, Any]) -> None:
        ids = options["event_ids"]
        if not ids and not options["handler"] and not options["everything"]:
            raise CommandError(
                "Nothing was chosen. Name event ids of `ramet events dead`, a --handler, or --all.",
                returncode=2,
            )
        replayed = operating.replay(*ids, handler=options["handler"])
        if not replayed:
            raise CommandError(
                "No dead letter matches; see `ramet events dead`.", returncode=NOT_HERE
            )
        self.stdout.write(f"{replayed} will be tried again")
