"""Where `ramet.toml` is looked for, without importing what reads it."""

from ramet.system import reading
from ramet.tools.assess.boundaries import home


def test_it_has_the_name_that_ramet_reads() -> None:
    """Another would leave the boundaries of a project out of its report."""
    assert home.FILE_NAME == reading.FILE_NAME
