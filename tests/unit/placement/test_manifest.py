"""The manifest says what services declare, the same for the same source."""

import json

from tests.unit.placement.project import Project


def test_the_manifest_names_apps_routes_uses_migrations_and_remote_keys(project: Project) -> None:
    """Other packages contribute sections of their own; these are placement's."""
    manifest = json.loads(project.manage("ramet_manifest"))
    orders = manifest["services"]["orders"]
    assert (manifest["manifest"], manifest["system"]) == (1, "small")
    assert list(manifest["services"]) == ["users", "orders", "payments"]
    assert {
        key: orders[key] for key in ("apps", "routes", "owner", "uses", "migrations", "remote_keys")
    } == {
        "apps": ["small.orders"],
        "routes": ["/orders/"],
        "owner": None,
        "uses": {},
        "migrations": {"orders": ["0001_initial"]},
        "remote_keys": {"orders.Order.customer": "users.User"},
    }


def test_two_processes_print_the_same_bytes(project: Project) -> None:
    """It is committed and compared."""
    assert project.manage("ramet_manifest") == project.manage("ramet_manifest")


def test_a_section_is_contributed_from_an_apps_ready(project: Project) -> None:
    """Services that are left out do not get it, services that are not here are ignored."""
    project.write(
        "small/users/apps.py",
        "from django.apps import AppConfig\n"
        "from ramet.placement import manifest\n"
        "class UsersConfig(AppConfig):\n"
        "    name = 'small.users'\n"
        "    def ready(self):\n"
        "        manifest.contribute('colours', lambda here: {'users': ['red'], 'none': []})\n",
    )
    services = json.loads(project.manage("ramet_manifest"))["services"]
    assert {name for name in services if "colours" in services[name]} == {"users"}
    assert services["users"]["colours"] == ["red"]
