"""Django alone, for any WSGI server; `ramet.calls.wsgi` wraps it to serve operations as well."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django, for requests whose text is UTF-8, as JSON and forms are.

    RFC 8259, section 8.1, and WHATWG's URL, section 5, know no other encoding. Django believes
    whatever codec a request names, also "hex", which is none for text: it then fails before any
    middleware could answer.
    """
    kind = environ.get("CONTENT_TYPE", "")
    if "charset" in kind.lower():
        parts = (part.strip() for part in kind.split(";"))
        environ["CONTENT_TYPE"] = "; ".join(
            part for part in parts if not part.lower().startswith("charset")
        )
    return _django(environ, start_response)
