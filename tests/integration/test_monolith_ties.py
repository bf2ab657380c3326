"""What ties the apps of examples/monolith is found by reading alone: each kind, at its line.

The expectations were written down from the example's source, and its models and relations are asked
of Django's registry; neither comes from the scan.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ramet.tools.assess.facts import RELATION_KINDS, Edge, Scan
from ramet.tools.assess.scanning import scan

MONOLITH = Path(__file__).resolve().parents[2] / "examples" / "monolith"

# Kind, the two sides (a model, or an app and any model of it), file, and what stands on the line. A
# lookup is an edge for each of its joins; a signal leads from its sender to what is written.
TIES = [
    ("lookup", "users.User", "orders.Order", "users/models.py", "filter(orders__status="),
    ("lookup", "orders.Order", "orders.OrderLine", "users/models.py", "lines__product=product"),
    ("accessor", "users.User", "orders.Order", "users/models.py", "lines__product=product"),
    ("accessor", "users.User", "payments.Payment", "users/models.py", "self.payments.aggregate"),
    ("lookup", "products", "orders.OrderLine", "products/models.py", "order_lines__quantity"),
    ("lookup", "orders.OrderLine", "orders.Order", "products/models.py", "order__customer"),
    (
        "lookup",
        "users.User",
        "users.Profile",
        "orders/models.py",
        'select_related("customer__profile"',
    ),
    ("lookup", "orders", "payments.Payment", "orders/models.py", "payments__refunds"),
    ("lookup", "orders", "users.User", "orders/reports.py", 'values("customer__username"'),
    (
        "lookup",
        "payments",
        "orders.Order",
        "payments/views.py",
        "order__customer=self.request.user",
    ),
    ("accessor", "products", "orders.OrderLine", "storefront/views.py", "found.order_lines.filter"),
    ("raw_sql", "products", "orders.OrderLine", "products/bestsellers.py", "cursor.execute("),
    ("raw_sql", "orders", "payments.Payment", "orders/reports.py", "cursor.execute("),
    ("raw_sql", "orders", "products.Category", "orders/reports.py", "cursor.execute("),
    ("signal", "orders.Order", "users.Letter", "users/signals.py", "def write_about_order"),
    ("signal", "payments.Payment", "orders.Order", "orders/receivers.py", "def confirm_paid_order"),
    ("signal", "orders.Order", "products.StockMovement", "products/signals.py", "def restock"),
    ("task", "orders", "products", "orders/services.py", "report_scarce.delay"),
    ("template", "users", "orders", "users/templates/users/letters/confirmation.txt", "lines.txt"),
    ("template", "storefront", "products", "storefront/templates/storefront/product.html", "card"),
    ("template", "orders", "products", "orders/templates/orders/lines.html", "load money"),
    ("url", "orders", "storefront", "orders/templates/orders/lines.html", "storefront:product"),
    ("url", "products", "storefront", "products/models.py", 'reverse("storefront:product"'),
    ("admin", "users", "orders.Order", "users/admin.py", "model = Order"),
    ("admin", "orders", "payments.Payment", "orders/admin.py", "model = Payment"),
    ("admin", "products", "orders.OrderLine", "products/admin.py", "model = OrderLine"),
    ("form", "storefront", "products.Review", "storefront/forms.py", "model = Review"),
    ("form", "storefront", "users.Address", "storefront/forms.py", "ModelChoiceField"),
    ("serializer", "orders", "payments", "orders/serializers.py", "PaymentSerializer(many"),
    ("serializer", "users.User", "orders.Order", "users/serializers.py", "user.orders.count"),
    (
        "migration",
        "orders",
        "products",
        "orders/migrations/0005_fill_orderline_name.py",
        '"products"',
    ),
    (
        "get_model",
        "orders",
        "products",
        "orders/migrations/0005_fill_orderline_name.py",
        '"Product"',
    ),
    ("get_model", "orders", "payments.Payment", "orders/reports.py", 'get_model("payments"'),
    ("settings", "core", "users.User", "core/models.py", "AUTH_USER_MODEL"),
    ("call", "orders", "products", "orders/management/commands/sales_report.py", "bestsellers()"),
    ("call", "users", "orders", "users/services.py", "orders.cancel("),
    ("permission", "products", "orders", "products/views.py", 'has_perm("orders.view_order")'),
    ("permission", "storefront", "payments", "storefront/views.py", "permission_required"),
    ("command", "core", "products.Supplier", "core/management/commands/load_demo.py", "Supplier.o"),
    ("import", "payments", "orders", "payments/services.py", "from orders import services"),
    ("import", "orders", "products", "orders/models.py", "from products.models import"),
]


@pytest.fixture(scope="module")
def found() -> Scan:
    return scan(MONOLITH)


def belongs(label: str, wanted: str) -> bool:
    return label == wanted or wanted == "" or label.startswith(f"{wanted}.")


@pytest.mark.parametrize(("kind", "source", "target", "file", "text"), TIES)
def test_a_tie_is_found_at_its_line(
    kind: str, source: str, target: str, file: str, text: str, found: Scan
) -> None:
    lines = (MONOLITH / file).read_text().splitlines()
    at = {number for number, line in enumerate(lines, 1) if text in line}
    assert at, "the example has changed"
    of_kind = [e for e in found.edges if e.kind == kind and e.file == file]
    assert [
        e
        for e in of_kind
        if belongs(e.source, source) and belongs(e.target, target) and near(e, at)
    ], of_kind


def near(edge: Edge, at: set[int]) -> bool:
    """A call of several lines may be told where it begins, a function at its decorator."""
    return any(abs(edge.line - line) <= 3 for line in at)


def test_one_transaction_is_found_to_write_four_apps(found: Scan) -> None:
    [place] = [a for a in found.atomics if a.function.endswith("orders.services.place")]
    written = {write.model for write in place.writes}
    assert written >= {
        "orders.Order",
        "orders.OrderLine",
        "orders.StatusChange",
        "products.StockMovement",
        "products.Product",
        "payments.Payment",
        "payments.LedgerEntry",
    }
    ledger = next(w for w in place.writes if w.model == "payments.LedgerEntry")
    assert ledger.file == "payments/ledger.py"
    assert any(name.endswith("charge") for name in ledger.via)


def test_what_receivers_write_is_written_in_the_transaction_of_their_sender(found: Scan) -> None:
    writes = {
        a.function.rpartition("orders.services.")[2]: {write.model for write in a.writes}
        for a in found.atomics
    }
    assert writes["place"] >= {"users.Letter"}  # Payment saved > Order saved > a letter is owed
    assert writes["cancel"] >= {"users.Letter", "products.StockMovement", "products.Product"}


def test_what_a_callee_writes_of_its_arguments_is_written_in_the_transaction(found: Scan) -> None:
    [cancel] = [a for a in found.atomics if a.function.endswith("orders.services.cancel")]
    assert "payments.Payment" in {write.model for write in cancel.writes}


def test_models_and_relations_are_those_of_the_registry_and_no_others(found: Scan) -> None:
    models, relations = registry()
    own = {model.label for model in found.models if model.is_own}
    assert own == models
    scanned = {
        (e.kind, e.source, e.field, e.target)
        for e in found.edges
        if e.kind in RELATION_KINDS and e.source in own
    }
    assert scanned == relations


def registry() -> tuple[set[str], set[tuple[str, ...]]]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "RAMET_"))}
    done = subprocess.run(
        [sys.executable, "-c", DUMP],
        cwd=MONOLITH,
        env=clean | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    models, relations = json.loads(done.stdout)
    return set(models), {tuple(relation) for relation in relations}


DUMP = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
own = [m for a in apps.get_app_configs() if "site-packages" not in a.path for m in a.get_models()]
found = []
for model in own:
    for field in model._meta.get_fields():
        if isinstance(field, GenericForeignKey):
            kind, target = "gfk", "*"
        elif isinstance(field, GenericRelation):
            kind, target = "generic_relation", field.related_model._meta.label
        elif field.is_relation and field.concrete:
            kind = "m2m" if field.many_to_many else "o2o" if field.one_to_one else "fk"
            target = field.related_model._meta.label
        else:
            continue
        found.append((kind, model._meta.label, field.name, target))
print(json.dumps([[m._meta.label for m in own], found]))
"""
