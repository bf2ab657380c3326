"""Lines of old get the name that their product has today."""

from django.db import migrations


def fill(apps, schema_editor):
    product = apps.get_model("products", "Product")
    line = apps.get_model("orders", "OrderLine")
    for sold in product.objects.exclude(order_lines=None).only("pk", "name"):
        line.objects.filter(product=sold, name="").update(name=sold.name)


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0004_orderline_name"),
        ("products", "0002_initial"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
