"""Imports between apps: at run time, for typing alone, inside functions, in circles, in chains."""

from __future__ import annotations

import pytest

from tests.unit.tools.assess.linking.edges import ends

NO_MODELS = {"users/models.py": "", "orders/models.py": "", "products/models.py": ""}


def imports(project, body: str) -> list[tuple[str, str, str, str]]:
    scan = project({**NO_MODELS, "users/views.py": body})
    return [
        (edge.kind, edge.source, edge.target, edge.note)
        for edge in scan.edges
        if edge.kind.startswith("import")
    ]


@pytest.mark.parametrize(
    ("body", "kind", "note"),
    [
        ("import orders.models", "import", ""),
        ("from orders import models", "import", ""),
        ("from orders.models import Order", "import", ""),
        ("def f():\n    from orders import models", "import", "inside a function"),
        ("try:\n    import orders\nexcept ImportError:\n    pass", "import",
         "where it can be imported"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from orders.models import Order",
         "import_typing", ""),
    ],
)  # fmt: skip
def test_an_import_of_another_app_is_told_with_how_it_is_made(project, body, kind, note):
    assert imports(project, body) == [(kind, "users", "orders", note)]


@pytest.mark.parametrize("body", ["import os", "from users import models", "from . import models"])
def test_imports_of_one_app_and_of_packages_are_not(project, body):
    assert not imports(project, body)


def test_apps_that_import_each_other_are_told_as_a_circle(project):
    scan = project(
        {
            **NO_MODELS,
            "users/views.py": "import orders.views\n",
            "orders/views.py": "import users.views\nimport products\n",
        }
    )
    assert {(edge.target, edge.note) for edge in scan.edges if edge.kind == "import"} == {
        ("orders", "cycle of orders, users"),
        ("users", "cycle of orders, users"),
        ("products", ""),
    }


def test_apps_that_meet_only_in_a_module_of_none_have_a_chain(project):
    scan = project(
        {
            **NO_MODELS,
            "lib/__init__.py": "",
            "lib/one.py": "import lib.two\n",
            "lib/two.py": "import orders.models\nimport users.models\n",
            "users/views.py": "\nimport lib.one\n",
        }
    )
    chains = [edge for edge in scan.edges if edge.kind == "import_chain"]
    assert [(edge.source, edge.target, edge.field, edge.line) for edge in chains] == [
        ("users", "orders", "users.views > lib.one > lib.two > orders.models", 2)
    ]
    assert not ends(scan, "import")


def test_imports_of_tests_do_not_count(project):
    scan = project({**NO_MODELS, "users/tests/test_it.py": "import orders.models\n"})
    assert not ends(scan, "import")
