"""The ends of log files, however large the files are."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["last_lines"]

_NAME = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9_.+-]*")
_BYTES_A_LINE = 400
# Colours and other control sequences of a terminal (ECMA-48), which mean nothing on a page.
_CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def last_lines(folder: Path, name: str, count: int) -> list[str]:
    """The last `count` lines of `<folder>/<name>.log`; none where there is no such log.

    Reads the end of the file only; of very long lines there may come fewer.
    """
    if not _NAME.fullmatch(name):
        return []
    try:
        with (folder / f"{name}.log").open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            begin = max(0, size - count * _BYTES_A_LINE)
            file.seek(begin)
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    # splitlines() also splits at characters that a log line may contain, such as U+2028.
    lines = _CONTROL_SEQUENCE.sub("", text).rstrip("\n").split("\n")
    if begin and len(lines) > 1:
        lines = lines[1:]  # its beginning is missing
    return [line for line in lines[-count:] if line]
