"""`manage.py ramet_sagas`: the runs of the sagas in this service's database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from ramet.sagas import counting, operations, registry
from ramet.sagas.describing import NEEDS_A_PERSON, age, describe, standing
from ramet.sagas.models import LIVE, SagaRun, Status
from ramet.telemetry.redaction import redact_field

NOT_HERE = 3
"""Exit code when the run is not in this database, so that `ramet sagas` can ask the next one."""


class Command(BaseCommand):
    help = "List, count, show, resume or compensate runs of sagas."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="runs that have not ended, oldest first")
        listing.add_argument("--all", action="store_true", help="also those that have ended")
        listing.add_argument("--status", choices=Status.values)
        listing.add_argument("--saga", default="", help="part of the saga's name")
        listing.add_argument("--find", default="", help="an id, a key, or part of the state")
        listing.add_argument("--newest", action="store_true", help="the newest first")
        listing.add_argument("--limit", type=int, default=50)
        listing.add_argument("--json", action="store_true")
        lag = actions.add_parser("lag", help="how many runs of each saga stand where, and how long")
        show = actions.add_parser("show", help="one run with its state and journal")
        show.add_argument("id")
        for each in (listing, show):
            each.add_argument(
                "--for-page", action="store_true", help="without what looks like secrets"
            )
        resume = actions.add_parser("resume", help="try the present step again now")
        resume.add_argument("id", nargs="+")
        compensate = actions.add_parser("compensate", help="turn a run back")
        compensate.add_argument("id")
        compensate.add_argument("--why", default="asked for by an operator")
        for each in (lag, show, resume, compensate):
            each.add_argument("--json", action="store_true")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        getattr(self, f"_{action}")(**options)

    def _list(
        self, *, json: bool, limit: int, newest: bool, for_page: bool, **filters: Any
    ) -> None:
        order = "-created_at" if newest else "created_at"
        runs = list(_filtered(**filters).order_by(order)[:limit])
        if json:
            found = [describe(run) for run in runs]
            self._print(redact_field("", found) if for_page else found)
            return
        if not runs:
            self.stdout.write("no runs")
            return
        rows = [("RUN", "SAGA", "STATUS", "STEP", "ATTEMPTS", "AGE", "KEY")]
        for run in runs:
            known = describe(run)
            rows.append(
                (
                    known["id"],
                    f"{run.name} v{run.version}",
                    standing(run),
                    known["step"],
                    str(run.attempts),
                    age(run),
                    run.key,
                )
            )
        self._table(rows)

    def _lag(self, *, json: bool, **_: Any) -> None:
        found = counting.counts()
        if json:
            self._print([each.as_json() for each in found])
            return
        for each in found:
            self.stdout.write(
                f"{each.saga} v{each.version}: {each.running} running, {each.waiting} of them"
                f" waiting, {each.compensating} compensating, the oldest for"
                f" {each.oldest_running_seconds} s; {each.stuck} {NEEDS_A_PERSON}"
                + ("" if each.is_known else f"; all wait for code of version {each.version}")
            )
        if not found:
            self.stdout.write("no runs")

    def _show(self, *, id: str, json: bool, for_page: bool, **_: Any) -> None:
        run = _run(id)
        found = describe(run, fully=True)
        if for_page:
            found = redact_field("", found)
        if json:
            self._print(found)
            return
        journal, state, replies = found.pop("journal"), found.pop("state"), found.pop("replies")
        found["status"] = standing(run)
        for name, value in found.items():
            if value not in ("", None):
                self.stdout.write(f"{name:12} {value}")
        self.stdout.write("state")
        for name, value in state.items():
            self.stdout.write(f"  {name} = {value}")
        self.stdout.write("journal")
        for entry in journal:
            arrow = "undo" if entry["direction"] == "backward" else "do"
            ended = {"replied": " after a reply", "timed_out": " after its time"}
            self.stdout.write(
                f"  {entry['finished_at']}  {arrow:4} {entry['step']}  {entry['outcome']}"
                f" at attempt {entry['attempts']}{ended.get(entry['wait'], '')}"
                f"  {entry['error']}".rstrip()
            )
        for reply in replies:
            self.stdout.write(
                f"  {reply['received_at']}  reply to {reply['step']}  {reply['outcome']}"
            )
        if run.status == Status.STUCK:
            self.stdout.write(
                f"What keeps it is the last error above. Repair it, then: ramet sagas resume {id}"
            )

    def _resume(self, *, id: list[str], json: bool, **_: Any) -> None:
        resumed, refused, missing = [], [], []
        for each in [_id(text) for text in id]:  # what is no id is told before anything is done
            try:
                run = operations.resume(each)
            except operations.CannotResume as error:
                refused.append(str(error))
                continue
            if run is None:
                missing.append(_is_missing(each))
            else:
                resumed.append(run)
        if json:
            self._print([describe(_run(str(run.pk))) for run in resumed])
        for run in resumed if not json else ():
            waits = registry.find(run.name, run.version) is None
            when = f" once code of version {run.version} is deployed" if waits else ""
            self.stdout.write(f"{run.pk} goes on{when}")
        if refused or missing:
            only_missing = not (resumed or refused)
            raise CommandError(
                "\n".join([*refused, *missing]), returncode=NOT_HERE if only_missing else 1
            )

    def _compensate(self, *, id: str, why: str, json: bool, **_: Any) -> None:
        try:
            run = operations.compensate(_run(id).pk, why)
        except operations.CannotCompensate as error:
            raise CommandError(str(error)) from None
        assert run is not None
        if json:
            self._print(describe(_run(id)))
        else:
            self.stdout.write(f"{run.pk} is {run.status}")

    def _table(self, rows: Sequence[tuple[str, ...]]) -> None:
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write(line.rstrip())

    def _print(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False))


def _filtered(
    *, all: bool, status: str | None, saga: str, find: str, **_: Any
) -> QuerySet[SagaRun]:
    runs = SagaRun.objects.all()
    if find:
        runs = runs.annotate(as_text=Cast("state", TextField()))
        named = Q(pk=find) if _is_id(find) else Q()
        runs = runs.filter(named | Q(key=find) | Q(as_text__contains=find))
    if status:
        runs = runs.filter(status=status)
    elif not all:
        runs = runs.filter(status__in=(*LIVE, Status.STUCK))
    return runs.filter(name__icontains=saga) if saga else runs


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise CommandError(
            f"{text!r} is not the id of a run. `ramet sagas list` prints them.", returncode=2
        ) from None


def _is_missing(run_id: UUID) -> str:
    return f"There is no run {run_id} in this database."


def _run(text: str) -> SagaRun:
    run = SagaRun.objects.filter(pk=_id(text)).first()
    if run is None:
        raise CommandError(_is_missing(_id(text)), returncode=NOT_HERE)
    return run
