"""What in the path of a URL looks like a secret: the token of a link by e-mail, a signed value.

Here, because gateway and services must agree about it: both write down the paths of requests.
"""

import re

__all__ = ["LEAST", "LOOKS", "masked"]

LEAST = 14
"""Characters of a segment that may look like a secret; whatever is shorter is as it is."""

LOOKS = (
    # Letters and digits without a pause: of hexadecimal digits, base 32, 36 or 62. A UUID, by which
    # people look for things, has twelve in a row.
    "[0-9][0-9A-Za-z]{13}",
    "[0-9A-Za-z]{13}[0-9]",
    # Base 64 for URLs, where dashes may make such pauses: words with dashes have no 7Q within.
    "[0-z-]{4}[0-9][A-Z][0-z-]{8}",
    "[0-z-]{4}[A-Z][0-9][0-z-]{8}",
    "[0-z-]{8}[0-9][A-Z][0-z-]{4}",
    "[0-z-]{8}[A-Z][0-9][0-z-]{4}",
    # The signature of django.core.signing, by SHA-1 or longer.
    ":[0-z-]{27}",
)
"""Regular expressions, for Python and for RE2; a segment of a path that has one is a secret.

Each is short and of a fixed length: linear in hostile texts, and Envoy's CEL takes no long ones.
"""

_IN_SEGMENT = re.compile("|".join(LOOKS))
# A line of a traceback is as it is: "/usr/lib/..." of it is no URL.
_SEGMENT = re.compile(
    rf"(?P<file>File \\?\"[^\"\n]{{1,500}}\")|(?<=/)[\w.~:%+=@,;!$*-]{{{LEAST},}}"
)


def masked(text: str, mask: str) -> str:
    """A path, or a text with URLs, with `mask` for each segment of a path that looks like a secret.

    >>> masked("/reset/MQ/d4k1xz-0a1b2c3d4e5f60718293a4b5c6d7e8f9/", "[redacted]")
    '/reset/MQ/[redacted]/'
    """

    def replaced(found: re.Match[str]) -> str:
        segment = found[0]
        return segment if found["file"] or not _IN_SEGMENT.search(segment) else mask

    return _SEGMENT.sub(replaced, text)
