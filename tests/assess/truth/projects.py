"""The real projects that a scan is compared with: what to install, and what each needs to start.

Each is pinned, so that a score means the same tomorrow. None needs a running database: the registry
is there as soon as the models are imported. A dependency is left out only where it cannot be built
from PyPI alone, and no model needs it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["PROJECTS", "RealProject"]


@dataclass(frozen=True)
class RealProject:
    """A project on PyPI.

    `packages` are the folders in site-packages that are its own: the source that is scanned.
    `settings` is its own settings module; `own_settings` the text of one of ours, for a project
    that is a library of apps (`is_library`) or wants a few lines from whoever
    installs it. `files` are written beside, by name, before it starts.
    `path` is the folder below the source that its imports count from, where that is not the top.
    """

    name: str
    requirements: list[str]
    packages: list[str]
    python: str = "3.12"
    settings: str = ""
    own_settings: str = ""
    is_library: bool = False
    path: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)


_DATABASE = """
SECRET_KEY = "truth"
USE_TZ = True
STATIC_URL = "/static/"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""

_DJANGO = """
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles",
    "django.contrib.sites",
"""

_OSCAR = f"""
import oscar
from oscar.defaults import *
{_DATABASE}
INSTALLED_APPS = oscar.INSTALLED_APPS
SITE_ID = 1
ROOT_URLCONF = "truth_urls"
HAYSTACK_CONNECTIONS = {{"default": {{"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}}}
"""

_OSCAR_URLS = """
from django.apps import apps
from django.urls import include, path
urlpatterns = [path("", include(apps.get_app_config("oscar").urls[0]))]
"""

_WAGTAIL = f"""
{_DATABASE}
INSTALLED_APPS = [
    "wagtail", "wagtail.admin", "wagtail.documents", "wagtail.embeds", "wagtail.images",
    "wagtail.search", "wagtail.sites", "wagtail.snippets", "wagtail.users",
    "wagtail.contrib.forms", "wagtail.contrib.frontend_cache", "wagtail.contrib.redirects",
    "wagtail.contrib.routable_page", "wagtail.contrib.search_promotions",
    "wagtail.contrib.settings", "wagtail.contrib.simple_translation",
    "wagtail.contrib.sitemaps", "wagtail.contrib.styleguide", "wagtail.contrib.table_block",
    "wagtail.contrib.typed_table_block", "taggit", "modelcluster",
    {_DJANGO}
]
ROOT_URLCONF = "wagtail.urls"
WAGTAIL_SITE_NAME = "truth"
WAGTAILADMIN_BASE_URL = "http://localhost"
"""

_CMS = f"""
{_DATABASE}
INSTALLED_APPS = ["cms", "menus", "treebeard", "sekizai", {_DJANGO}]
LANGUAGES = [("en", "English")]
LANGUAGE_CODE = "en"
SITE_ID = 1
ROOT_URLCONF = "cms.urls"
CMS_CONFIRM_VERSION4 = True
CMS_TEMPLATES = [("page.html", "Page")]
TEMPLATES = [
    {{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {{"context_processors": ["django.template.context_processors.request"]}},
    }}
]
"""

_MACHINA = f"""
{_DATABASE}
INSTALLED_APPS = [
    {_DJANGO}
    "mptt", "haystack", "widget_tweaks", "machina", "machina.apps.forum",
    "machina.apps.forum_conversation", "machina.apps.forum_conversation.forum_attachments",
    "machina.apps.forum_conversation.forum_polls", "machina.apps.forum_feeds",
    "machina.apps.forum_moderation", "machina.apps.forum_search", "machina.apps.forum_tracking",
    "machina.apps.forum_member", "machina.apps.forum_permission",
]
ROOT_URLCONF = "machina.urls"
HAYSTACK_CONNECTIONS = {{"default": {{"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}}}
CACHES = {{
    "default": {{"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    "machina_attachments": {{"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
}}
"""

_HELPDESK = f"""
{_DATABASE}
INSTALLED_APPS = [{_DJANGO} "django.contrib.humanize", "rest_framework", "helpdesk"]
ROOT_URLCONF = "helpdesk.urls"
HELPDESK_TEAMS_MODE_ENABLED = False
HELPDESK_KB_ENABLED = True
"""

_LEDGER = f"""
{_DATABASE}
INSTALLED_APPS = [{_DJANGO} "django_ledger"]
ROOT_URLCONF = "django_ledger.urls"
"""

_EVENNIA = f"""
from evennia.settings_default import *
{_DATABASE}
"""

_NAUTOBOT = """
from nautobot.core.settings import *
SECRET_KEY = "truth"
"""

_MISAGO = f"""
from misago.settings import *
from misago.conf.defaults import *
{_DATABASE}
AUTH_USER_MODEL = "misago_users.User"
ROOT_URLCONF = "misago.urls"
SITE_ID = 1
MISAGO_ADDRESS = "http://localhost"
"""

_WGER = f"""
from wger.settings_global import *
{_DATABASE}
SITE_URL = "http://localhost"
"""

_NETBOX_CONFIGURATION = """
ALLOWED_HOSTS = ["*"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "netbox"}}
REDIS = {
    "tasks": {"HOST": "localhost", "PORT": 6379, "DATABASE": 0},
    "caching": {"HOST": "localhost", "PORT": 6379, "DATABASE": 1},
}
SECRET_KEY = "truth" * 20
API_TOKEN_PEPPERS = {1: "truth" * 20}
"""

PROJECTS = {
    each.name: each
    for each in [
        RealProject(
            "django-oscar",
            ["django-oscar==4.2.1", "sorl-thumbnail"],
            ["oscar"],
            own_settings=_OSCAR,
            is_library=True,
            files={"truth_urls.py": _OSCAR_URLS},
        ),
        RealProject(
            "weblate",
            ["weblate[postgres]==2026.10.1"],
            ["weblate"],
            settings="weblate.settings_test",
            left_out=["borgbackup"],
        ),
        RealProject(
            "pretix", ["pretix==2026.8.0"], ["pretix"], settings="pretix.testutils.settings"
        ),
        RealProject(
            "kiwitcms",
            ["kiwitcms==12.4", "setuptools<81", "django-debug-toolbar<5"],
            ["tcms"],
            python="3.10",
            settings="tcms.settings.devel",
        ),
        RealProject(
            "pulpcore",
            ["pulpcore==3.123.1"],
            ["pulpcore", "pulp_file", "pulp_certguard"],
            settings="pulpcore.app.settings",
            environment={
                "PULP_DB_ENCRYPTION_KEY": "truth.key",
                "PULP_CONTENT_ORIGIN": "http://localhost",
                "PULP_SECRET_KEY": "truth",
            },
            files={"truth.key": "dHJ1dGh0cnV0aHRydXRodHJ1dGh0cnV0aHRydXRodHI=\n"},
        ),
        RealProject(
            "mayan-edms",
            ["mayan-edms==4.12.2"],
            ["mayan"],
            settings="mayan.settings.base",
            left_out=["python-ldap"],
        ),
        RealProject(
            "wagtail", ["wagtail==8.0.1"], ["wagtail"], own_settings=_WAGTAIL, is_library=True
        ),
        RealProject(
            "netbox",
            ["netbox==4.7.3"],
            [
                "netbox",
                "account",
                "circuits",
                "core",
                "dcim",
                "extras",
                "ipam",
                "tenancy",
                "users",
                "utilities",
                "virtualization",
                "vpn",
                "wireless",
            ],
            settings="netbox.settings",
            environment={"NETBOX_CONFIGURATION": "truth_configuration"},
            files={"truth_configuration.py": _NETBOX_CONFIGURATION},
        ),
        RealProject("misago", ["misago==0.39.6"], ["misago"], own_settings=_MISAGO),
        RealProject(
            "django-cms",
            ["django-cms==5.1.3", "packaging"],
            ["cms", "menus"],
            own_settings=_CMS,
            is_library=True,
        ),
        RealProject(
            "django-machina",
            ["django-machina==1.3.1"],
            ["machina"],
            python="3.11",
            own_settings=_MACHINA,
            is_library=True,
        ),
        RealProject(
            "django-helpdesk",
            ["django-helpdesk==2.6.1"],
            ["helpdesk"],
            own_settings=_HELPDESK,
            is_library=True,
        ),
        RealProject("wger", ["wger==2.1"], ["wger"], python="3.11", own_settings=_WGER),
        RealProject(
            "django-crm",
            ["django-crm==1.35.0"],
            [
                *("accounts", "automation", "business_hours", "cases", "common", "contacts", "crm"),
                *("interactions", "invoices", "leads", "macros", "opportunity", "orders"),
                *("projects", "tasks", "webforms", "webhooks"),
            ],
            settings="crm.settings",
            environment={
                "SECRET_KEY": "truth" * 10,
                "ENV_TYPE": "dev",
                "DBNAME": "truth",
                "DBUSER": "truth",
                "DBPASSWORD": "truth",
                "DBHOST": "localhost",
                "DBPORT": "5432",
                "DOMAIN_NAME": "localhost",
                "SWAGGER_ROOT_URL": "http://localhost",
            },
        ),
        RealProject(
            "label-studio",
            ["label-studio==1.23.2"],
            ["label_studio"],
            settings="core.settings.label_studio",
            path="label_studio",
        ),
        RealProject("ara", ["ara[server]==1.8.0"], ["ara"], settings="ara.server.settings"),
        RealProject("evennia", ["evennia==6.1.0"], ["evennia"], own_settings=_EVENNIA),
        RealProject(
            "django-ledger",
            ["django-ledger==0.8.5"],
            ["django_ledger"],
            own_settings=_LEDGER,
            is_library=True,
        ),
        RealProject(
            "nautobot",
            ["nautobot==3.2.7"],
            ["nautobot"],
            own_settings=_NAUTOBOT,
            environment={"DJANGO_SETTINGS_MODULE": "nautobot_config"},
            files={"nautobot_config.py": _NAUTOBOT},
        ),
        RealProject(
            "pretalx",
            ["pretalx==2026.2.1"],
            ["pretalx"],
            python="3.13",
            settings="pretalx.settings",
        ),
    ]
}
