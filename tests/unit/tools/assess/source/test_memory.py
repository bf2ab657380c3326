"""A file that was read leaves nothing behind: a scan reads thousands, and collects no garbage."""

import gc
from pathlib import Path

from ramet.tools.assess.source.extracting import extract


def test_reading_a_file_makes_no_garbage() -> None:
    content = Path(__file__).read_bytes()
    extract(content)  # what is made once in a process is made now
    gc.collect()
    gc.disable()
    try:
        extract(content)
        assert gc.collect() == 0
    finally:
        gc.enable()
