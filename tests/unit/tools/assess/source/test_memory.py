"""A file that was read leaves nothing behind: a scan reads thousands, and collects no garbage."""

import gc
from pathlib import Path

from ramet.tools.assess.source.extracting import extract


def test_reading_a_file_makes_no_garbage() -> None:
    content = Path(__file__).read_bytes()
    extract(content)  # what is made once in a process is made now
    gc.disable()
    try:
        # At least once in five times: threads of other tests may leave something meanwhile.
        assert 0 in [_garbage_of(content) for _ in range(5)]
    finally:
        gc.enable()


def _garbage_of(content: bytes) -> int:
    gc.collect()
    extract(content)
    return gc.collect()
