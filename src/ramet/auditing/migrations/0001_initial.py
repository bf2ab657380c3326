"""The tables, and the triggers that let nobody change them. Undoing it deletes the log."""

import django.db.models.functions.datetime
from django.db import migrations, models

from ramet.auditing.tables import functions, statements


def make(apps, schema_editor):
    # The models are unmanaged, so that `flush` leaves them alone: CreateModel makes no table.
    for name in ("Seal", "Entry"):
        schema_editor.create_model(apps.get_model("ramet_audit", name))
    for statement in statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def unmake(apps, schema_editor):
    for name in ("Entry", "Seal"):
        schema_editor.delete_model(apps.get_model("ramet_audit", name))
    for statement in functions(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("entries", models.PositiveIntegerField()),
                ("latest", models.DateTimeField()),
                ("digest", models.CharField(max_length=64)),
                ("pruned_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "ramet_audit_seal", "managed": False},
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("service", models.CharField(max_length=40)),
                ("action", models.CharField(max_length=100)),
                ("subject", models.CharField(db_default="", max_length=255)),
                ("user", models.CharField(db_default="", max_length=255)),
                ("caller", models.CharField(db_default="", max_length=40)),
                ("via", models.CharField(db_default="", max_length=255)),
                ("request_id", models.CharField(db_default="", max_length=255)),
                ("facts", models.TextField(db_default="{}")),
                ("seal", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "ramet_audit_entry",
                "managed": False,
                "indexes": [
                    models.Index(
                        fields=["seq"],
                        condition=models.Q(seal=None),
                        name="ramet_audit_unsealed",
                    ),
                    models.Index(fields=["seal"], name="ramet_audit_sealed"),
                    models.Index(fields=["at"], name="ramet_audit_time"),
                ],
            },
        ),
        migrations.RunPython(make, unmake),
    ]
