"""`manage.py ramet_health`, for whoever can only run a command."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from ramet.telemetry.health import Check, checking, failed, passed
from ramet.telemetry.health.questions import forget
from ramet.telemetry.management.commands.ramet_health import Command


@pytest.mark.parametrize(("outcome", "code"), [(passed(), None), (failed("no disk"), 1)])
def test_the_exit_code_is_the_answer(
    outcome: checking.Outcome, code: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_factories", {"test": lambda: [Check("disk", lambda: outcome)]})
    checking.forget()
    forget()
    said = StringIO()
    try:
        call_command(Command(), stdout=said)
        found = None
    except SystemExit as end:
        found = end.code
    finally:
        monkeypatch.undo()
        checking.forget()
        forget()
    assert found == code
    assert json.loads(said.getvalue())["checks"]["disk"][0]["status"] == outcome.status
