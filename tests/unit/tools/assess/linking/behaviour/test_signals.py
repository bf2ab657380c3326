"""Signals lead from their sender to what their receivers write."""

from __future__ import annotations

import pytest

from tests.unit.tools.assess.linking.edges import ends

HEAD = """
from django.contrib.auth import get_user_model
from django.db.models import signals
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from orders.models import Order
from products.models import Product
from users.models import Profile, User
"""


@pytest.mark.parametrize(
    "body",
    [
        "@receiver(post_save, sender=Order)\ndef f(sender, **kwargs):\n    Profile().save()",
        "@receiver(post_save, sender='orders.Order')\ndef f(**kwargs):\n    Profile().save()",
        "@receiver([post_save, post_delete], sender=Order)\ndef f(**kwargs):\n    Profile().save()",
        "def f(**kwargs):\n    Profile().save()\npost_save.connect(f, sender=Order)",
        "def f(**kwargs):\n    Profile().save()\n"
        "signals.post_save.connect(receiver=f, sender=Order)",
        "def g():\n    Profile().save()\n"
        "@receiver(post_save, sender=Order)\ndef f(**kwargs):\n    g()",
    ],
)
def test_a_receiver_ties_the_sender_to_what_it_writes(project, body):
    scan = project({"users/receivers.py": HEAD + body})
    assert ends(scan, "signal") == {("orders.Order", "users.Profile")}
    assert [one.kind for one in scan.functions if one.name.endswith(".f")] == ["receiver"]


def test_a_receiver_that_writes_nothing_ties_the_sender_to_its_app(project):
    body = "@receiver(post_save, sender=Order)\ndef f(**kwargs):\n    pass\n"
    assert ends(project({"users/receivers.py": HEAD + body}), "signal") == {
        ("orders.Order", "users")
    }


def test_a_receiver_knows_the_row_that_was_saved(project):
    body = "@receiver(post_save, sender=Order)\ndef f(instance, **kwargs):\n    instance.customer\n"
    assert ends(project({"users/receivers.py": HEAD + body}), "accessor") == {
        ("orders.Order", "users.User")
    }


def test_a_signal_of_the_project_leads_from_who_sends_it(project):
    scan = project(
        {
            "orders/signals.py": "from django.dispatch import Signal\nplaced = Signal()\n",
            "orders/services.py": """
from orders.models import Order
from orders.signals import placed

def place():
    placed.send(sender=Order)
""",
            "users/receivers.py": HEAD
            + "from orders.signals import placed\n@receiver(placed)\n"
            + "def f(**kwargs):\n    Profile().save()\n",
        }
    )
    assert ends(scan, "signal") == {("orders.Order", "users.Profile")}


def test_the_change_of_a_many_to_many_is_one_of_the_model_that_has_it(project):
    body = """
from django.db.models.signals import m2m_changed
from products.models import Tag

@receiver(m2m_changed, sender=Tag.products.through)
def f(**kwargs):
    Profile().save()
"""
    assert ends(project({"users/receivers.py": HEAD + body}), "signal") == {
        ("products.Tag", "users.Profile")
    }


def test_receivers_may_be_connected_where_an_app_gets_ready(project):
    scan = project(
        {
            "orders/apps.py": """
from django.apps import AppConfig
from django.db.models.signals import post_save

class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self):
        from users.receivers import hear
        post_save.connect(hear, sender=self.get_model("Order"))
""",
            "users/receivers.py": HEAD + "def hear(**kwargs):\n    Profile().save()\n",
        }
    )
    assert ends(scan, "signal") == {("orders.Order", "users.Profile")}
    assert [one.kind for one in scan.functions if one.name.endswith(".hear")] == ["receiver"]


def test_a_sender_that_only_running_tells_is_a_gap(project):
    body = "@receiver(post_save, sender=unknown())\ndef f(**kwargs):\n    Profile().save()\n"
    scan = project({"users/receivers.py": HEAD + body})
    assert not ends(scan, "signal")
    assert "signal-sender-unknown" in {gap.kind for gap in scan.gaps}
