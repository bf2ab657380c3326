"""Django's test runner, recording which models each test touches in one transaction.

For projects whose tests run by `manage.py test`; those that use pytest give it `--ramet-trace`.
"""

from __future__ import annotations

import argparse
import contextlib
import unittest
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.test.runner import DiscoverRunner

from ramet.testing.recording import Recorder, recording

__all__ = ["TracedRunner", "TracedRunnerMixin"]


class TracedRunnerMixin:
    """Adds `--trace FILE` to a project's own subclass of `DiscoverRunner`: put it first."""

    def __init__(self, *, trace: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._trace = Path(trace) if trace else None
        if trace and getattr(self, "parallel", 1) > 1:
            raise CommandError(
                f"--trace: found --parallel {self.parallel}; expected one process, because only"  # type: ignore[attr-defined]
                " that knows which test runs; leave --parallel out"
            )

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)  # type: ignore[misc]
        parser.add_argument(
            "--trace",
            metavar="FILE",
            help="Records which models each request and test reads and writes in one transaction,"
            " for `ramet assess --trace FILE`.",
        )

    def run_suite(self, suite: Any, **options: Any) -> Any:
        if self._trace is None:
            return super().run_suite(suite, **options)  # type: ignore[misc]
        with recording(self._trace) as recorder:
            self._recorder = recorder
            return super().run_suite(suite, **options)  # type: ignore[misc]

    def get_resultclass(self) -> Any:
        """Return the result class that Django would take, which is told when each test begins."""
        chosen = super().get_resultclass()  # type: ignore[misc]
        if self._trace is None:
            return chosen
        return _telling(chosen or unittest.TextTestResult, self._recorder)


class TracedRunner(TracedRunnerMixin, DiscoverRunner):
    """`manage.py test --testrunner ramet.testing.traced_runner.TracedRunner --trace FILE`."""


def _telling(result: type[unittest.TestResult], recorder: Recorder) -> type[unittest.TestResult]:
    class Telling(result):  # type: ignore[misc,valid-type]
        _running: contextlib.ExitStack

        def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
            super().startTest(test)
            self._running = contextlib.ExitStack()
            self._running.enter_context(recorder.test(test.id()))

        def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
            self._running.close()
            super().stopTest(test)

    return Telling
