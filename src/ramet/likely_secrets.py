"""Recognising a secret that stands where it should not: in a file that is committed.

By the form that keys of well-known makers have, by a telling name, and by randomness. None of it
sees a password that is a word: it is a net, no proof. What it takes for a secret is never shown.
It needs nothing else of Ramet, so that a report can be written without what reads `ramet.toml`.
"""

import math
import re
from collections import Counter

__all__ = ["has_known_secret", "has_named_secret", "has_random"]

# What must stand in a text before a pattern can match: looking for it takes a twentieth as long,
# and most patterns are never compiled.
_KNOWN = (
    # In a URL, unless a template's.
    ("://", r"://[^/@\s:\"'<>]*:(?!\$?\{|<)[^/@\s\"'<>]+@"),
    ("PRIVATE KEY", r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    ("sk_", r"\bsk_[A-Za-z0-9_]{12,}"),  # Stripe, these three
    ("rk_", r"\brk_[A-Za-z0-9_]{12,}"),
    ("whsec_", r"\bwhsec_[A-Za-z0-9_]{12,}"),
    ("gh", r"\bgh[pousr]_[A-Za-z0-9]{20,}"),  # GitHub
    ("github_pat_", r"\bgithub_pat_\w{20,}"),
    ("glpat-", r"\bglpat-[\w-]{20,}"),  # GitLab
    ("AKIA", r"\bAKIA[0-9A-Z]{16}\b"),  # AWS
    ("ASIA", r"\bASIA[0-9A-Z]{16}\b"),
    ("AIza", r"\bAIza[\w-]{35}\b"),  # Google
    ("xox", r"\bxox[abprs]-[\w-]{10,}"),  # Slack
    ("SG.", r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),  # SendGrid
    ("npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("pypi-", r"\bpypi-[\w-]{50,}"),
    ("eyJ", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ"),  # a JSON web token
    # A password's hash.
    ("$", r"(?<=[A-Za-z0-9_-])\$(?:argon2\w*|2[aby]|pbkdf2[\w-]*)\$"),
)

# The end of a name; a bound, and nothing before it, because lines of base64 may be very long.
_TELLING = r"(?:passw(?:or)?d|secret|token|api[_-]?key|private[_-]?key|credential)[\w-]{0,60}"
_NAMED = rf"(?i){_TELLING}[\"']?\s*[:=]\s*[\"']?([^\s\"',;&]{{8,}})"
_TELLING_MARKS = ("passw", "secret", "token", "key", "cred")


def has_known_secret(text: str) -> bool:
    """Whether something in it has the form of a key, a token, or a URL with a password."""
    likely = [pattern for mark, pattern in _KNOWN if mark in text]
    return any(re.search(pattern, text) is not None for pattern in likely)


def has_named_secret(text: str) -> bool:
    """Whether a name such as `password` or `api_key` is followed by a value that is random."""
    folded = text.casefold()
    return any(mark in folded for mark in _TELLING_MARKS) and any(
        has_random(match[1], least=12) and not match[1].startswith(("$", "file:"))
        for match in re.finditer(_NAMED, text)
    )


def has_random(text: str, least: int = 20) -> bool:
    """Whether a part of it looks as if drawn at random: no word, path, id, digest or version.

    Letters of both cases and digits, mixed, with at least 3.5 bits a character (Shannon): what a
    base64 of 15 random bytes has, and an identifier or a path of words has not.
    """
    tokens = re.findall(r"[A-Za-z0-9+/_=-]+", text)
    return any(len(token) >= least and _is_drawn(token) for token in tokens)


def _is_drawn(token: str) -> bool:
    kinds = (r"[a-z]", r"[A-Z]", r"[0-9]")
    if not all(re.search(kind, token) for kind in kinds):
        return False
    # In names, a word goes on for several characters, and begins with a capital letter at most.
    plain = re.sub(r"[^A-Za-z0-9]", "", token)
    turns = sum(map(_is_turn, plain, plain[1:]))
    return _entropy(token) >= 3.5 and turns / len(plain) > 0.24


def _is_turn(one: str, other: str) -> bool:
    """Whether another word, or number, begins here. As many as half of random pairs are one."""
    if one.isalpha() and other.isalpha():
        return one.islower() and other.isupper()
    return one.isdigit() != other.isdigit()


def _entropy(text: str) -> float:
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
