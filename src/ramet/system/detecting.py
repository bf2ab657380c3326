"""Recognising a secret among the values of `ramet.toml`, which say where one is, and never what."""

import re

from ramet.likely_secrets import has_known_secret, has_random
from ramet.system.secrets import ELSEWHERE

__all__ = ["looks_secret"]

_IN_A_VALUE = re.compile(
    r"://[^/@\s:]*:[^/@\s]+@|(?i:password|passwd|secret|token|api[_-]?key)[=:][^$\s]"
)


def looks_secret(value: str) -> bool:
    """Whether a value of `ramet.toml`, where no secret has a place, may be or hold one."""
    is_a_place = re.fullmatch(ELSEWHERE, value) is not None
    return not is_a_place and (
        has_known_secret(value) or _IN_A_VALUE.search(value) is not None or has_random(value)
    )
