"""One management command in a fork of the zygote: manage.py without the second that Django takes.

What it prints goes to the file of the order, so that it is not mixed with what it logs.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str], output: Path) -> int:
    """Run `manage.py ARGUMENTS` with standard output in `output`; its exit status."""
    from django.core.management import execute_from_command_line

    # Who looks at the command line, as the audit log does, finds what manage.py would have there.
    sys.argv = ["manage.py", *arguments]
    with output.open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        execute_from_command_line(sys.argv)
    return 0
