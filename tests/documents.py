"""Writes the pages of the documentation that are made from the code, after a change of it.

`python -m tests.documents`; tests compare.
"""

import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
METRICS = ROOT / "docs/reference/metrics.md"
_TABLE = re.compile(r"(?<=<!-- made by tests/documents.py -->\n\n).*?(?=<!-- end -->)", re.DOTALL)


def runbooks() -> dict[str, str]:
    """The pages below docs/runbooks, by name."""
    from ramet.system import load
    from ramet.tools.observability.files import files

    made = files(load(ROOT / "shop/ramet.toml"), "services", "runbooks")
    return {
        name.removeprefix("runbooks/"): text
        for name, text in made.items()
        if name.startswith("runbooks/")
    }


def metrics_page() -> str:
    """docs/reference/metrics.md with its table as it should be."""
    from tests.unit.telemetry.metrics import everything

    rows = ["| metric | kind | labels | what it tells |", "| --- | --- | --- | --- |"]
    for each in everything.declared():
        name = f"{each.family}_total" if each.kind == "counter" else each.family
        kind = {"level": "gauge, of each process"}.get(each.kind, each.kind)
        labels = ", ".join(f"`{label}`" for label in each.labels)
        rows.append(f"| `{name}` | {kind} | {labels} | {each.text} |")
    table = "\n".join([*rows, "", ""])
    return _TABLE.sub(lambda _: table, METRICS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    for name, text in runbooks().items():
        path = ROOT / "docs/runbooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    METRICS.write_text(metrics_page(), encoding="utf-8")
