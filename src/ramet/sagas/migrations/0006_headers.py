"""Runs keep the request and the trace that started them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ramet_sagas", "0005_active"),
    ]

    operations = [
        migrations.AddField(
            model_name="sagarun",
            name="headers",
            field=models.TextField(db_default="{}", default="{}"),
        ),
    ]
