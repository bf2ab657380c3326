"""The table in which attempts to sign in are counted: that of CACHES in the settings."""

from typing import Any

from django.core.management import call_command
from django.db import migrations

TABLE = "users_attempts"


def make(apps: Any, schema_editor: Any) -> None:
    call_command("createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("users", "0003_versions")]

    operations = [
        migrations.RunPython(make, migrations.RunPython.noop),
    ]
