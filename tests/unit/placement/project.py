"""A small real Django project in a folder, run in processes of its own in any placement."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ramet.system import System, load

FILES = {
    "ramet.toml": """\
[system]
name = "small"
settings = "small.settings"
[services.users]
apps = ["small.users", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.admin"]
routes = ["/users/"]
[services.orders]
apps = ["small.orders"]
routes = ["/orders/"]
[services.payments]
apps = ["small.payments"]
routes = ["/payments/"]
[gateway]
issuer = "users"
""",
    "manage.py": """\
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "small.settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
""",
    "small/__init__.py": "",
    "small/settings.py": """\
from pathlib import Path
import ramet
BASE_DIR = Path(__file__).parent.parent
SECRET_KEY = "small"
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "small.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "rest_framework",
    "small.users.apps.UsersConfig",
    "small.orders",
    "small.payments",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
ramet.place(globals())
""",
    "small/urls.py": """\
import ramet
urlpatterns = [*ramet.urls()]
""",
    "small/users/__init__.py": "",
    "small/users/apps.py": """\
from django.apps import AppConfig
class UsersConfig(AppConfig):
    name = "small.users"
""",
    "small/users/models.py": """\
from django.contrib.auth.models import AbstractUser
class User(AbstractUser):
    pass
""",
    "small/users/urls.py": """\
from django.contrib import admin
from django.urls import path
urlpatterns = [path("users/admin/", admin.site.urls)]
""",
    "small/orders/__init__.py": "",
    "small/orders/models.py": """\
import ramet
from django.db import models
class Order(models.Model):
    customer = ramet.RemoteKey("users.User", key=models.BigIntegerField)
""",
    "small/orders/migrations/__init__.py": "",
    "small/orders/migrations/0001_initial.py": """\
from django.db import migrations, models
class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel("Order", [
            ("id", models.BigAutoField(
                auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("customer", models.BigIntegerField(db_index=True)),
        ]),
    ]
""",
    "small/orders/urls.py": """\
from django.urls import path
from ramet.identity.drf import Public
from rest_framework.response import Response
from rest_framework.views import APIView
class Who(APIView):
    permission_classes = [Public]
    def get(self, request):
        return Response({"user": type(request.user).__module__})
urlpatterns = [path("orders/who/", Who.as_view())]
""",
    "small/orders/demo.py": """\
from small.orders.models import Order
def load():
    Order.objects.get_or_create(customer=7)
""",
    "small/payments/__init__.py": "",
    "small/payments/models.py": "",
}


class Project:
    """The project in a folder; `write` changes it, the others run it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path, text in FILES.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        """Write one file; its folder becomes a package when it is new."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Change one file, which must contain `old`."""
        text = (self.folder / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    @property
    def system(self) -> System:
        """What its ramet.toml declares now."""
        return load(self.folder / "ramet.toml")

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the folder, with nothing of Ramet set but `environ`."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("RAMET_", "DJANGO_"))}
        return subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=inherited | environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def manage(self, *arguments: str, **environ: str) -> str:
        """Standard output of manage.py, which must succeed."""
        run = self.run("manage.py", *arguments, **environ)
        assert run.returncode == 0, run.stderr
        return run.stdout

    def evaluate(self, expression: str, **environ: str) -> Any:
        """The value, by way of JSON, of an expression in the project after django.setup()."""
        code = (
            "import json, django; django.setup()\n"
            "from django.apps import apps\n"
            "from django.conf import settings\n"
            "from django.test import Client\n"
            f"print(json.dumps({expression}, default=str))"
        )
        run = self.run("-c", code, DJANGO_SETTINGS_MODULE="small.settings", **environ)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)
