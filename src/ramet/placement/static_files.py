"""Static files of the services in this process: found where they lie, kept by browsers for a year.

There is no `collectstatic` and no second server. Each file's address carries a hash of its content,
as with Django's ManifestStaticFilesStorage, so that a new file has a new address. A project that
has a storage or an address of its own keeps it.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import (
    HashedFilesMixin,
    StaticFilesStorage,
    staticfiles_storage,
)
from django.core.files import File
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views import static
from django.views.decorators.http import require_safe

__all__ = ["FoundFiles", "serve", "static_urls"]

_FOREVER = "public, max-age=31536000, immutable"
_HASHED = re.compile(r"(?P<before>.+)\.[0-9a-f]{12}(?P<ending>\.[^./]+)?")


# The stubs of these two classes, which Django joins itself, disagree about `url`.
class FoundFiles(HashedFilesMixin, StaticFilesStorage):  # type: ignore[misc]
    """Names with hashes for the files that the finders find, without a folder of copies.

    A name is made once in a process: `ramet up` starts another when a file changes. With DEBUG
    names are as they are written, as in Django, whose `runserver` then serves them.
    """

    def stored_name(self, name: str) -> str:
        """`css/page.css` is `css/page.0123456789ab.css`; ValueError where there is no such file."""
        clean = self.clean_name(posixpath.normpath(name))
        if clean not in self.hashed_files:
            self.hashed_files[clean] = self.clean_name(self.hashed_name(clean))
        stored: str = self.hashed_files[clean]
        return stored

    def exists(self, name: str) -> bool:
        return _found(name) is not None

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        found = _found(name)
        if found is None:
            raise FileNotFoundError(name)
        return File(found.open("rb"), name)


def static_urls(prefix: str) -> list[URLPattern]:
    """The pattern that serves them, for an address such as `/static/`."""
    return [path(f"{prefix.strip('/')}/<path:name>", serve)]


@login_not_required
@require_safe
def serve(request: HttpRequest, name: str) -> HttpResponseBase:
    """The file. At an old version's address, or without a hash, its content is not to be kept."""
    plain = _HASHED.fullmatch(name)
    original = f"{plain['before']}{plain['ending'] or ''}" if plain else name
    # A name may look as if it had a hash, and be the name of a file: jquery.0123456789ab.js.
    candidates = (original, name)
    found = next(((each, file) for each in candidates if (file := _found(each))), None)
    if found is None:
        raise Http404("No such file.")
    known, file = found
    answer = static.serve(request, file.name, document_root=str(file.parent))
    is_current = known != name and _names().stored_name(known) == name
    if answer.headers.get("Content-Type", "").startswith("text/"):
        answer.headers["Content-Type"] += "; charset=utf-8"  # not that of the page around it
    answer.headers["Cache-Control"] = _FOREVER if is_current else "no-cache"
    return answer


def _names() -> FoundFiles:
    # Django's lazy object, which the settings make one of ours wherever this view is used.
    return cast("FoundFiles", staticfiles_storage)


def _found(name: str) -> Path | None:
    # As django.contrib.staticfiles.views.serve: without what would lead out of a folder.
    clean = posixpath.normpath(name).lstrip("/")
    if clean.startswith("..") or "\0" in clean:
        return None
    file: Any = finders.find(clean)
    return Path(file) if file and Path(file).is_file() else None
