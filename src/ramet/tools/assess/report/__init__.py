"""A judged scan -> what a person reads and what a program does: a page, a summary, JSON, drift.

Nothing here judges. What a project says, names and source alike, is untrusted text wherever it is
written.
"""

from ramet.tools.assess.report.as_html import as_html
from ramet.tools.assess.report.as_json import as_json, json_schema, read_report
from ramet.tools.assess.report.comparing import Change, compare
from ramet.tools.assess.report.excerpts import with_excerpts

__all__ = [
    "Change",
    "as_html",
    "as_json",
    "compare",
    "json_schema",
    "read_report",
    "with_excerpts",
]
