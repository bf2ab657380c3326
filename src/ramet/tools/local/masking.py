"""The environment of a process as it may be shown: what is a secret is not, wherever it stands.

By its name, by its form, and by being one of the secrets that the system itself has made, also
within another value such as a database's URL. A value that points to a secret, as `file:/path`
does, is shown under a plain name only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ramet.likely_secrets import has_known_secret, has_random

MASK = "••••"

_TELLTALE = re.compile(
    r"pass|secret|token|credential|cookie|auth|salt|signature|private|dsn|(?:^|_)pin(?:$|_)"
    r"|(?:^|_|api|access|signing|encryption)keys?(?:$|_)",
    re.IGNORECASE,
)
# The password of a URL (RFC 3986, 3.2.1), and what is given to a telltale name: as a parameter
# there, in libpq's `host=db password=...`, as an option of a command, as a member of JSON.
_IN_URL = re.compile(r"(://[^/?#\s:@]*:)[^/?#\s]*(?=@)")
_GIVEN = re.compile(  # with bounds, because a value may be very long
    r"(?i)((?:pass|secret|token|key)[\w-]{0,40}(?:=|[\"']\s{0,4}:\s{0,4})[\"']?)[^&;,\s\"']+"
)
_SHORTEST_SECRET = 6  # shorter ones are found in innocent values


def masked(environment: Mapping[str, str], secrets: Collection[str]) -> list[dict[str, Any]]:
    """Each variable as `name`, `value` and `is_masked`, by name; `secrets` are known values."""
    known = sorted((s for s in secrets if len(s) >= _SHORTEST_SECRET), key=len, reverse=True)
    return [
        {"name": name, "value": shown, "is_masked": shown != environment[name]}
        for name in sorted(environment)
        for shown in [_shown(name, environment[name], known)]
    ]


def secrets_in(folder: Path) -> set[str]:
    """What the files directly in a folder of secrets hold; keys in folders below it are files that
    no variable has."""
    found = set()
    for path in folder.glob("*"):
        if path.is_file():
            found.add(path.read_text(encoding="utf-8", errors="replace").strip())
    return found - {""}


def _shown(name: str, value: str, known: list[str]) -> str:
    if not value:
        return value
    if _TELLTALE.search(name):
        return MASK
    shown = value
    for secret in known:
        shown = shown.replace(secret, MASK)
    shown = _GIVEN.sub(rf"\1{MASK}", _IN_URL.sub(rf"\1{MASK}", shown))
    # As a template would have it, which is no secret.
    rest = shown.replace(MASK, "${MASKED}")
    return MASK if has_known_secret(rest) or has_random(rest) else shown
