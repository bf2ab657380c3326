"""`manage.py ramet_sagas`: the runs of the sagas in this service's database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from ramet.sagas import operations
from ramet.sagas.models import LIVE, SagaRun, Status

NOT_HERE = 3
"""Exit code when the run is not in this database, so that `ramet sagas` can ask the next one."""


class Command(BaseCommand):
    help = "List, show, resume or compensate runs of sagas."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="runs that have not ended, oldest first")
        listing.add_argument("--all", action="store_true", help="also those that have ended")
        listing.add_argument("--status", choices=Status.values)
        listing.add_argument("--saga", default="", help="part of the saga's name")
        listing.add_argument("--limit", type=int, default=50)
        listing.add_argument("--json", action="store_true")
        show = actions.add_parser("show", help="one run with its state and journal")
        show.add_argument("id")
        show.add_argument("--json", action="store_true")
        resume = actions.add_parser("resume", help="try the present step again now")
        resume.add_argument("id", nargs="+")
        compensate = actions.add_parser("compensate", help="turn a run back")
        compensate.add_argument("id")
        compensate.add_argument("--why", default="asked for by an operator")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        getattr(self, f"_{action}")(**options)

    def _list(self, *, json: bool, limit: int, **filters: Any) -> None:
        runs = list(_filtered(**filters).order_by("created_at")[:limit])
        if json:
            self._print([operations.describe(run) for run in runs])
            return
        if not runs:
            self.stdout.write("no runs")
            return
        rows = [("RUN", "SAGA", "STATUS", "STEP", "ATTEMPTS", "AGE", "KEY")]
        for run in runs:
            known = operations.describe(run)
            rows.append(
                (
                    known["id"],
                    f"{run.name} v{run.version}",
                    run.status,
                    known["step"],
                    str(run.attempts),
                    operations.age(run),
                    run.key,
                )
            )
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write(line.rstrip())

    def _show(self, *, id: str, json: bool, **_: Any) -> None:
        found = operations.describe(_run(id), fully=True)
        if json:
            self._print(found)
            return
        journal, state = found.pop("journal"), found.pop("state")
        for name, value in found.items():
            if value not in ("", None):
                self.stdout.write(f"{name:12} {value}")
        self.stdout.write("state")
        for name, value in state.items():
            self.stdout.write(f"  {name} = {value}")
        self.stdout.write("journal")
        for entry in journal:
            arrow = "undo" if entry["direction"] == "backward" else "do"
            self.stdout.write(
                f"  {entry['finished_at']}  {arrow:4} {entry['step']}  {entry['outcome']}"
                f" at attempt {entry['attempts']}  {entry['error']}".rstrip()
            )

    def _resume(self, *, id: list[str], **_: Any) -> None:
        for text in id:
            run = operations.resume(_run(text).pk)
            assert run is not None
            if run.finished_at or run.holder:
                state = run.status if run.finished_at else f"in the hands of {run.holder}"
                self.stdout.write(f"{run.pk} is {state}; left as it is")
            else:
                self.stdout.write(f"{run.pk} goes on")

    def _compensate(self, *, id: str, why: str, **_: Any) -> None:
        try:
            run = operations.compensate(_run(id).pk, why)
        except operations.CannotCompensate as error:
            raise CommandError(str(error)) from None
        assert run is not None
        self.stdout.write(f"{run.pk} is {run.status}")

    def _print(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False))


def _filtered(*, all: bool, status: str | None, saga: str, **_: Any) -> QuerySet[SagaRun]:
    runs = SagaRun.objects.all()
    if status:
        runs = runs.filter(status=status)
    elif not all:
        runs = runs.filter(status__in=(*LIVE, Status.STUCK))
    return runs.filter(name__icontains=saga) if saga else runs


def _run(text: str) -> SagaRun:
    try:
        run = SagaRun.objects.filter(pk=UUID(text)).first()
    except ValueError:
        raise CommandError(
            f"{text!r} is not the id of a run. `ramet sagas list` prints them.", returncode=2
        ) from None
    if run is None:
        raise CommandError(f"There is no run {text} in this database.", returncode=NOT_HERE)
    return run
