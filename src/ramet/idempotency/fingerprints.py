"""Tells two requests with one key apart: by what was sent, not by how it was written down."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.core.files.base import File
from django.utils.datastructures import MultiValueDict
from rest_framework.request import Request

__all__ = ["fingerprint_of"]


def fingerprint_of(request: Request) -> str:
    """SHA-256 of the query and the parsed body. Raises what parsing raises.

    Parsed, because a client that repeats a form sends another boundary, and a JSON library may
    order the members anew. Files count by their name and content.
    """
    sent = [request.META.get("QUERY_STRING", ""), _plain(request.data)]
    return hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, MultiValueDict):
        return {name: _plain(values) for name, values in value.lists()}
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return {"bytes": hashlib.sha256(value).hexdigest()}
    if isinstance(value, File):
        return {"file": value.name, "content": _content(value)}
    # What other parsers make, such as a date out of YAML.
    return {type(value).__name__: str(value)}


def _content(file: File[Any]) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)  # the view reads it after us
    return digest.hexdigest()
