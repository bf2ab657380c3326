"""Django's checks tell which relations and imports would not survive a split."""

import json
from typing import Any

from tests.unit.placement.project import Project

FOREIGN_KEY = """\
from django.db import models
class Order(models.Model):
    customer = models.ForeignKey("users.User", models.CASCADE)
    watchers = models.ManyToManyField("users.User", related_name="+")
"""


def findings(project: Project, **environ: str) -> list[dict[str, Any]]:
    """Ramet's own; Django reports a relation without a target too."""
    found = json.loads(project.manage("ramet_check", **environ))
    return [finding for finding in found if finding["id"].startswith("ramet.")]


def test_a_clean_project_has_no_findings(project: Project) -> None:
    """django.contrib.admin's LogEntry points to a user, but users owns both."""
    assert findings(project) == []


def test_relations_across_services_are_errors_with_a_remedy(project: Project) -> None:
    """The whole findings."""
    project.write("small/orders/models.py", FOREIGN_KEY)
    assert findings(project) == [
        {
            "id": "ramet.E001",
            "level": 40,
            "where": "orders.Order.customer",
            "message": "ForeignKey from orders to users.User of users: "
            "services do not share a database.",
            "hint": 'Use ramet.RemoteKey("users.User"), and ask users through its contract.',
        },
        {
            "id": "ramet.E001",
            "level": 40,
            "where": "orders.Order.watchers",
            "message": "ManyToManyField from orders to users.User of users: "
            "services do not share a database.",
            "hint": "Make a model of orders with a ramet.RemoteKey for each link.",
        },
    ]


def test_a_relation_is_found_where_its_target_is_absent_too(project: Project) -> None:
    """There, only the label is left to go by."""
    project.write("small/orders/models.py", FOREIGN_KEY)
    found = findings(project, RAMET_SERVICES="orders")
    assert [finding["where"] for finding in found] == [
        "orders.Order.customer",
        "orders.Order.watchers",
    ]


def test_a_relation_of_a_shared_app_is_a_warning(project: Project) -> None:
    """admin without an owner is in every process, users is not."""
    project.replace("ramet.toml", ', "django.contrib.admin"', "")
    assert [(found["id"], found["level"], found["where"]) for found in findings(project)] == [
        ("ramet.W001", 30, "admin.LogEntry.user"),
        ("ramet.W001", 30, "admin.LogEntry.content_type"),
    ]


def test_an_import_across_services_is_an_error(project: Project) -> None:
    """In the process of the service that imports, and only there."""
    project.write("small/payments/tasks.py", "from small.orders.models import Order\n")
    expected = {
        "id": "ramet.E002",
        "level": 40,
        "where": "small/payments/tasks.py:1",
        "message": "payments imports small.orders.models.Order of orders.",
        "hint": "Import only contract and events of orders: call an operation of its contract, "
        "or subscribe to one of its events.",
    }
    assert findings(project) == [expected]
    assert findings(project, RAMET_SERVICES="orders") == []


def test_manage_py_check_fails_on_a_broken_boundary(project: Project) -> None:
    """So that a project's existing pipeline finds it."""
    project.write("small/payments/tasks.py", "from small.orders.models import Order\n")
    run = project.run("manage.py", "check")
    assert run.returncode == 1
    assert "(ramet.E002) payments imports small.orders.models.Order" in run.stderr


def test_a_remote_key_to_a_model_that_does_not_exist_is_an_error(project: Project) -> None:
    """Found where its service lives; elsewhere nobody can know."""
    project.replace("small/orders/models.py", "users.User", "users.Person")
    assert findings(project) == [
        {
            "id": "ramet.E005",
            "level": 40,
            "where": "orders.Order.customer",
            "message": 'RemoteKey to "users.Person", which does not exist.',
            "hint": "Name a model as APP_LABEL.MODEL, as a ForeignKey would.",
        }
    ]
    assert findings(project, RAMET_SERVICES="orders") == []


def test_a_view_that_nobody_decided_about_is_a_warning(project: Project) -> None:
    """DRF's default lets everybody in."""
    project.replace("small/orders/urls.py", "permission_classes = [Public]", "pass")
    [found] = findings(project)
    assert (found["id"], found["level"], found["where"]) == (
        "ramet.W040",
        30,
        "small.orders.urls.Who",
    )
    assert found["message"].startswith("Anybody may use GET of /orders/who/")
