"""A Django project of any size, made of code that people wrote: copies of installed packages.

Each copy has names of its own, for packages and apps, in code, strings, templates and folders, so
that it is other code with other content and nothing of it is known from the copy before.
"""

import re
import shutil
import sysconfig
from pathlib import Path

__all__ = ["build", "python_files"]

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SITE = Path(sysconfig.get_path("purelib"))

# Packages, and the labels of those of their apps that have one of their own.
PACKAGES = ("allauth", "oauth2_provider", "rest_framework", "drf_spectacular", "django_tasks_db")
LABELS = ("account", "socialaccount", "mfa", "usersessions", "authtoken")
MONOLITH = ("core", "users", "products", "orders", "payments", "storefront")
APPS = (
    "oauth2_provider",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework.authtoken",
    "django_tasks_db",
)
SHOPS = 4
"""Copies of the monolith for one of the packages, so that there is a model in each 900 lines."""
TEXTS = (".py", ".html", ".txt")


def build(root: Path, lines: int) -> int:
    """Write a project of at least so many lines of Python; how many they are."""
    written = copies = 0
    apps: list[str] = []
    while written < lines:
        written += _copy([SITE / name for name in PACKAGES], root, f"_{copies}")
        apps += [_renamed(app, f"_{copies}") for app in APPS]
        for shop in range(SHOPS * copies, SHOPS * (copies + 1)):
            written += _copy([EXAMPLES / "monolith" / name for name in MONOLITH], root, f"_{shop}")
            apps += [_renamed(app, f"_{shop}") for app in MONOLITH]
        copies += 1
    config = root / "config"
    config.mkdir()
    (config / "__init__.py").touch()
    lists = "".join(f"    {app!r},\n" for app in ["django.contrib.auth", *apps])
    (config / "settings.py").write_text(
        f"INSTALLED_APPS = [\n    'django.contrib.contenttypes',\n{lists}]\n"
        'AUTH_USER_MODEL = "users_0.User"\n'
        'ROOT_URLCONF = "config.urls"\n'
    )
    (config / "urls.py").write_text("urlpatterns = []\n")
    (root / "manage.py").write_text(
        'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")\n'
    )
    return sum(path.read_bytes().count(b"\n") for path in python_files(root))


def python_files(root: Path) -> list[Path]:
    """Every Python file of a folder."""
    return sorted(root.rglob("*.py"))


def _copy(sources: list[Path], root: Path, suffix: str) -> int:
    lines = 0
    for source in sources:
        for path in sorted(source.rglob("*")):
            if path.suffix not in TEXTS or "locale" in path.parts:
                continue
            inner = path.relative_to(source.parent).as_posix()
            target = root / _renamed(inner, suffix)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix != ".py":
                shutil.copyfile(path, target)
                continue
            text = path.read_bytes().decode()
            lines += text.count("\n")
            target.write_bytes(_renamed(text, suffix).encode())
    return lines


_NAMES = re.compile(rf"\b({'|'.join((*PACKAGES, *LABELS, *MONOLITH))})\b")


def _renamed(text: str, suffix: str) -> str:
    return _NAMES.sub(rf"\1{suffix}", text)
