"""`python -m ramet.tools.dashboard`: serve the dashboard until the process is ended."""

from __future__ import annotations

import os
import sys

from ramet.errors import DiagnosticError
from ramet.tools.dashboard.serving import serve
from ramet.tools.dashboard.settings import Settings


def main() -> int:
    """Serve; 2 where the environment is wrong."""
    try:
        serve(Settings.read(os.environ))
    except DiagnosticError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
