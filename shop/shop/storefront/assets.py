"""The storefront's own static files, served by itself.

There is no nginx and no `collectstatic` step in front of a service: four small files are read once
and their address carries a hash of their content, so that browsers keep them for a year.
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.urls import reverse
from django.views.decorators.http import require_safe

FOLDER = Path(__file__).parent / "static" / "storefront"
_A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, and what a browser has to be told."""

    content: bytes
    content_type: str
    version: str


@cache
def all_assets() -> dict[str, Asset]:
    """The files by name, as they were at the first call: `ramet up` restarts when one changes."""
    return {path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.is_file()}


def url(name: str) -> str:
    """The address of the file `name`; KeyError where there is none, so that a typo is seen."""
    return reverse("storefront:asset", args=[all_assets()[name].version, name])


@require_safe
def serve(request: HttpRequest, version: str, name: str) -> HttpResponse:
    """The file. An old version's address gets the present content, but not to be kept."""
    asset = all_assets().get(name)
    if asset is None:
        return HttpResponseNotFound("No such file.", content_type="text/plain")
    fresh = version == asset.version
    caching = f"public, max-age={_A_YEAR}, immutable" if fresh else "no-cache"
    headers = {"Cache-Control": caching, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(asset.content, content_type=asset.content_type, headers=headers)


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    return Asset(content, kind + charset, hashlib.sha256(content).hexdigest()[:16])
