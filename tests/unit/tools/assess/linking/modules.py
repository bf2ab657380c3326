"""Modules made of sources, without files, to look names up in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import msgspec

from ramet.tools.assess.linking.modules import import_roots, name_modules
from ramet.tools.assess.linking.names import Names
from ramet.tools.assess.source.extract import Extract
from ramet.tools.assess.source.extracting import extract

__all__ = ["names_of"]


def names_of(files: Mapping[str, str], root: str = "project") -> Names:
    """The names of a project whose files are given by path."""
    extracts = {
        path: msgspec.msgpack.decode(extract(dedent(text).encode()), type=Extract)
        for path, text in files.items()
    }
    folder = Path(root)
    return Names(name_modules(folder, extracts, import_roots(folder, extracts)))
