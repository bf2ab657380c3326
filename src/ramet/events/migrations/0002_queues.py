"""Events for later, discarded dead letters, and settings for tables that are queues.

On PostgreSQL, autovacuum by default waits until a fifth of a table has changed: for a queue with a
long history of finished rows that is very late, and every dead entry of an index in between is read
over. See docs/reference/events.md, "The tables".
"""

from django.db import migrations, models

_VACUUM = {
    "ramet_events_outbox": 1000,
    "ramet_events_scheduled": 1000,
    "ramet_events_inbox": 5000,
}
"""Changed rows of each table after which autovacuum visits it, however large it is."""


def visit_often(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table, rows in _VACUUM.items():
            schema_editor.execute(
                f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0,"
                f" autovacuum_vacuum_threshold = {rows},"
                f" autovacuum_vacuum_insert_scale_factor = 0.05,"
                f" autovacuum_analyze_scale_factor = 0.05)"
            )


def visit_as_others(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in _VACUUM:
            schema_editor.execute(
                f"ALTER TABLE {table} RESET (autovacuum_vacuum_scale_factor,"
                " autovacuum_vacuum_threshold, autovacuum_vacuum_insert_scale_factor,"
                " autovacuum_analyze_scale_factor)"
            )


class Migration(migrations.Migration):
    dependencies = [("ramet_events", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Scheduled",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("event_id", models.UUIDField(unique=True)),
                ("type", models.CharField(max_length=255)),
                ("version", models.PositiveIntegerField()),
                ("key", models.TextField()),
                ("partition", models.PositiveSmallIntegerField()),
                ("payload", models.TextField()),
                ("headers", models.TextField()),
                ("due", models.DateTimeField()),
            ],
            options={
                "verbose_name": "event for later",
                "verbose_name_plural": "scheduled events",
                "indexes": [models.Index(fields=["due", "seq"], name="ramet_scheduled_due")],
            },
        ),
        migrations.AlterField(
            model_name="inbox",
            name="state",
            field=models.CharField(
                choices=[
                    ("ready", "Ready"),
                    ("done", "Done"),
                    ("dead", "Dead"),
                    ("discarded", "Discarded"),
                ],
                db_default="ready",
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="inbox",
            index=models.Index(
                condition=models.Q(("state", "dead")),
                fields=["handler", "finished_at"],
                name="ramet_inbox_dead",
            ),
        ),
        migrations.RunPython(visit_often, visit_as_others),
    ]
