"""The page: one file that needs no network, and lets nothing in it run but its own script.

What matters stands in it as text, before and without any script; the map, the matrix and the long
lists are drawn by `page/*.js` from the embedded columns, when they are looked at.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ramet.tools.assess.findings import Report
from ramet.tools.assess.report import sections
from ramet.tools.assess.report.packing import embedded

if TYPE_CHECKING:
    from ramet.tools.assess.report.comparing import Change

__all__ = ["as_html"]

_PAGE = Path(__file__).with_name("page")
_SCRIPTS = (
    "elements",
    "unpacking",
    "listing",
    "rows",
    "map",
    "map_moves",
    "model",
    "matrix",
    "lists",
    "search",
    "begin",
)
"""In the order in which they stand: each uses those before it."""


def as_html(report: Report, changes: Sequence[Change] | None = None) -> bytes:
    """The whole page in UTF-8; `changes` are the drift since an earlier run, if one was given.

    Its Content-Security-Policy names the digests of the one style and the one script, so markup
    that came out of a project could not run even where it was not escaped.
    """
    style = _part("page.css")
    script = "(() => {\n'use strict';\n" + "\n".join(_part(f"{s}.js") for s in _SCRIPTS) + "\n})();"
    parts = {
        "title": sections.text(report.project.name),
        "policy": (
            f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
            "base-uri 'none'; form-action 'none'"
        ),
        "style": style,
        "script": script,
        "header": sections.header(report),
        "verdict": sections.verdict(report),
        "changes": sections.changes(changes),
        "since": '<a href="#since">Since last time</a>' if changes is not None else "",
        "candidates": sections.candidates(report),
        "plan": sections.plan(report),
        "cuts": sections.cuts(report),
        "blockers": sections.blockers(report),
        "unseen": sections.unseen(report),
        "embedded": embedded(report),
    }
    # In one pass: a part that has another's mark in it is text.
    page = re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], _part("page.html"))
    return page.encode(errors="backslashreplace")


def _part(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """As Content-Security-Policy names an inline script (CSP 3, 8.2)."""
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256-" + binascii.b2a_base64(digest, newline=False).decode()
