"""`manage.py ramet_replicas list|rebuild|audit`: the replicas of this process's services."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ramet.calls import RemoteError
from ramet.errors import DiagnosticError
from ramet.replicas import rebuilding
from ramet.replicas.audit import KINDS, SETTLE, Report, audit
from ramet.replicas.declaration import Feed, feeds
from ramet.replicas.models import Build

NOT_HERE = 3
"""Exit code when this process has no such replica, so that `ramet replicas` can ask the next."""

NOT_COMPARED = 2
"""Exit code of an audit that could not compare a replica: that is no difference, nor is it none."""

UNATTENDED = 20.0
"""Seconds without progress after which the command says where to look."""


class Command(BaseCommand):
    help = "List the replicas of these services, rebuild one, or compare them with their sources."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        listing = deeds.add_parser("list", help="each replica, and how far it is built")
        rebuild = deeds.add_parser("rebuild", help="have a worker copy it anew from its source")
        rebuild.add_argument("replica", help="such as orders.Product")
        rebuild.add_argument("--no-wait", action="store_true", help="do not wait for the swap")
        compare = deeds.add_parser("audit", help="count differences to the source; exit 1 if any")
        compare.add_argument("replica", nargs="*", help="such as orders.Product; none: all")
        compare.add_argument(
            "--settle",
            type=float,
            default=SETTLE,
            help="seconds for which what differs may still be on its way",
        )
        for each in (listing, rebuild, compare):
            each.add_argument("--json", action="store_true")

    def handle(self, *args: Any, deed: str, **options: Any) -> None:
        found, mistakes = feeds()
        if mistakes:
            raise CommandError(str(DiagnosticError(*mistakes)), returncode=2)
        {"list": self._list, "rebuild": self._rebuild, "audit": self._audit}[deed](found, options)

    def _list(self, found: list[Feed], options: dict[str, Any]) -> None:
        builds = Build.objects.in_bulk([feed.label for feed in found])
        told = [describe(feed, builds.get(feed.label)) for feed in found]
        if options["json"]:
            self.stdout.write(json.dumps(told, indent=2))
            return
        for each in told:
            self.stdout.write(f"{each['replica']}: {_in_words(each)}")
        if not told:
            self.stdout.write("no replicas")

    def _rebuild(self, found: list[Feed], options: dict[str, Any]) -> None:
        feed = _named(found, options["replica"])
        try:
            number = rebuilding.start(feed)
        except rebuilding.AlreadyRebuilding as error:
            raise CommandError(str(error)) from None
        assert number is not None
        if not options["no_wait"]:
            self._watch(feed, number, quietly=options["json"])
        if options["json"]:
            build = Build.objects.get(pk=feed.label)
            self.stdout.write(json.dumps(describe(feed, build), indent=2))
        elif options["no_wait"]:
            self.stdout.write(f"{feed.label}: the worker rebuilds it; see `ramet replicas list`")

    def _watch(self, feed: Feed, number: int, *, quietly: bool) -> None:
        """Tell how it goes until the swap; Ctrl-C ends the watching alone."""
        told, since = "", time.monotonic()
        while True:
            build = Build.objects.get(pk=feed.label)
            is_over = build.number != number or not build.is_running
            line = f"{feed.label}: {_in_words(describe(feed, build))}"
            if line != told:
                told, since = line, time.monotonic()
                if not quietly:
                    self.stdout.write(line)
                    self.stdout.flush()
            if is_over:
                return
            if time.monotonic() - since > UNATTENDED:
                since = time.monotonic()
                self.stderr.write(
                    "Nothing has moved for a while. A worker of this service does the rebuild:"
                    " does one run? Its log says what it waits for."
                )
            time.sleep(0.2)

    def _audit(self, found: list[Feed], options: dict[str, Any]) -> None:
        chosen = [_named(found, name) for name in options["replica"]] or found
        reports, failures = [], []
        for feed in chosen:
            try:
                reports.append(audit(feed, settle=options["settle"]))
            except RemoteError as error:
                failures.append(f"{feed.label}: {feed.export} failed: {error}")
            except (rebuilding.SourceFault, ValueError) as error:
                failures.append(f"{feed.label}: {feed.export} gave what cannot be used: {error}")
        if options["json"]:
            self.stdout.write(json.dumps([each.as_json() for each in reports], indent=2))
        else:
            for report in reports:
                self._tell(report)
        if failures:
            raise CommandError("\n".join(failures), returncode=NOT_COMPARED)
        if any(report.differences or not report.is_ready for report in reports):
            raise SystemExit(1)

    def _tell(self, report: Report) -> None:
        if not report.is_ready:
            self.stdout.write(f"{report.replica}: has never been built")
        counts = ", ".join(f"{report.counts[kind]} {kind}" for kind in KINDS)
        self.stdout.write(f"{report.replica}: {report.checked} rows at the source; {counts}")
        for kind in KINDS:
            for each in report.examples[kind]:
                columns = f" ({', '.join(each.columns)})" if each.columns else ""
                self.stdout.write(f"  {kind} {each.key}{columns}")


def describe(feed: Feed, build: Build | None) -> dict[str, Any]:
    """One replica for programs. `state` is never_built, rebuilding, outdated or ready."""
    state = "never_built"
    if build is not None and build.is_running:
        state = "rebuilding"
    elif build is not None and build.built_at is not None:
        state = "ready" if build.built_with == feed.fingerprint else "outdated"
    return {
        "replica": feed.label,
        "source": feed.export,
        "state": state,
        "ready": build is not None and build.built_at is not None,
        "rows": feed.model._default_manager.count(),
        "built_at": build.built_at.isoformat() if build and build.built_at else None,
        "rebuild": {
            "pages": build.pages,
            "rows": build.rows,
            "exported": build.is_exported,
            "failures": build.failures,
            "error": build.error,
        }
        if build is not None and build.is_running
        else None,
    }


def _in_words(told: dict[str, Any]) -> str:
    rebuild = told["rebuild"]
    if rebuild is not None:
        words = f"rebuilding, {rebuild['pages']} pages with {rebuild['rows']} rows are in"
        if not told["ready"]:
            words += "; never built before"
        if rebuild["failures"]:
            words += f"; {rebuild['failures']} failures in a row, the last: {rebuild['error']}"
        return words
    words = f"{told['rows']} rows from {told['source']}"
    if told["state"] == "never_built":
        return f"{words}; never built"
    if told["state"] == "outdated":
        words += "; its declaration has changed since, rebuild it"
    return f"{words}; built {told['built_at']}"


def _named(found: list[Feed], name: str) -> Feed:
    for feed in found:
        if feed.label.lower() == name.lower():
            return feed
    known = ", ".join(feed.label for feed in found) or "it has none"
    raise CommandError(f"There is no replica {name} here. Known: {known}.", returncode=NOT_HERE)
