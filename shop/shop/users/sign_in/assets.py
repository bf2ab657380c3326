"""The few static files of these pages, served by the service itself.

Their address carries a hash of their content, so that browsers keep them for a year.
"""

import hashlib
import mimetypes
from functools import cache

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.urls import reverse
from django.views.decorators.http import require_safe

_FILES = {
    "provider.css": "users/provider.css",
    "webauthn-json.js": "mfa/js/webauthn-json.js",
    "webauthn.js": "mfa/js/webauthn.js",
    "onload.js": "account/js/onload.js",
}
_A_YEAR = 365 * 24 * 3600


@cache
def _read(name: str) -> tuple[str, bytes]:
    """Version and content, as they were at the first call; KeyError where there is no such file."""
    found = finders.find(_FILES[name])
    assert isinstance(found, str), f"{_FILES[name]} is in no static folder"
    with open(found, "rb") as file:
        content = file.read()
    return hashlib.sha256(content).hexdigest()[:16], content


def url(name: str) -> str:
    """The address of the file `name`."""
    return reverse("provider-asset", args=[_read(name)[0], name])


@require_safe
def serve(request: HttpRequest, version: str, name: str) -> HttpResponse:
    """The file. An old version's address gets the present content, but not to be kept."""
    if name not in _FILES:
        return HttpResponseNotFound("No such file.", content_type="text/plain")
    present, content = _read(name)
    caching = f"public, max-age={_A_YEAR}, immutable" if version == present else "no-cache"
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return HttpResponse(
        content,
        content_type=f"{kind}; charset=utf-8",
        headers={"Cache-Control": caching, "X-Content-Type-Options": "nosniff"},
    )
