"""Addresses in the one form in which they are looked for. No two of them differ by case alone."""

from typing import Any

from django.db import migrations
from django.db.models.functions import Lower

import shop.users.models


def lower(apps: Any, schema_editor: Any) -> None:
    users = apps.get_model("users", "User").objects.using(schema_editor.connection.alias)
    users.update(email=Lower("email"))


class Migration(migrations.Migration):
    dependencies = [("users", "0004_attempts")]

    operations = [
        migrations.AlterModelManagers(
            name="user", managers=[("objects", shop.users.models.People())]
        ),
        migrations.RunPython(lower, migrations.RunPython.noop),
    ]
