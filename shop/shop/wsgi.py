"""Django alone, for any WSGI server; `ramet.calls.wsgi` wraps it to serve operations as well."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

application = get_wsgi_application()
