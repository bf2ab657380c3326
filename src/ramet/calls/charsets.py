"""What a request says about the encoding of its text, before Django believes it.

Django takes any codec that Python knows, also "hex" or "idna", which cannot decode a form: it then
fails before any middleware could answer.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

__all__ = ["drop_unusable"]


def drop_unusable(environ: dict[str, Any]) -> None:
    """Take a charset that no form can be read with out of a request's CONTENT_TYPE.

    The request is then read as UTF-8, Django's default and the only encoding of JSON (RFC 8259,
    section 8.1) and of form data (https://url.spec.whatwg.org/#application/x-www-form-urlencoded).
    """
    kind: str = environ.get("CONTENT_TYPE", "")
    if "charset" in kind.lower():
        environ["CONTENT_TYPE"] = "; ".join(
            part for part in map(str.strip, kind.split(";")) if not _is_unusable_charset(part)
        )


def _is_unusable_charset(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip().lower() == "charset" and not _can_read_forms(value.strip().strip('"'))


@lru_cache(maxsize=64)
def _can_read_forms(charset: str) -> bool:
    try:
        # As Django does: whatever the bytes are, a form is decoded with replacements.
        b"a\xeb".decode(charset, "replace")
    except (LookupError, ValueError):  # no codec, none for text, or one that cannot replace
        return False
    return True
