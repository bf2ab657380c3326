"""With a virtual environment, packages' own source says what their bases and fields relate to."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from ramet.errors import DiagnosticError
from ramet.tools.assess.scanning import scan

PROJECT = {
    "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    "settings.py": 'INSTALLED_APPS = ["threads.apps.Config", "shop"]\n',
    "shop/__init__.py": "",
    "shop/models.py": """
    from django.db import models
    from threads.bases import Discussed
    from threads.fields import ThreadKey
    from threads.models import Thread

    class Product(Discussed):
        main = ThreadKey()
        other = models.ForeignKey(Thread, models.CASCADE)
    """,
}
PACKAGE = {
    "threads/__init__.py": "",
    "threads/apps.py": """
    from django.apps import AppConfig
    class Config(AppConfig):
        name = "threads"
        label = "forum"
    """,
    "threads/bases.py": """
    from django.db import models
    class Discussed(models.Model):
        talk = models.ManyToManyField("forum.Thread")
        class Meta:
            abstract = True
    """,
    "threads/fields.py": """
    from django.db.models import ForeignKey
    class ThreadKey(ForeignKey):
        def __init__(self, **kwargs):
            kwargs.setdefault("to", "forum.Thread")
            super().__init__(**kwargs)
    """,
    "threads/models.py": """
    from django.db import models
    class Thread(models.Model):
        starter = models.ForeignKey("auth.User", models.CASCADE)
    """,
    "threads/never.py": "this is no Python (\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The project, with its environment beside it in `venv`."""
    packages = tmp_path / "venv/lib/python3.12/site-packages"
    for folder, files in ((tmp_path / "project", PROJECT), (packages, PACKAGE)):
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(dedent(text))
    (tmp_path / "venv/pyvenv.cfg").write_text("")
    return tmp_path / "project"


def test_bases_fields_and_labels_are_read_from_installed_packages(root: Path) -> None:
    found = scan(root, venv=root.parent / "venv")
    relations = {(e.kind, e.field, e.target) for e in found.edges if e.source == "shop.Product"}
    assert relations == {
        ("m2m", "talk", "forum.Thread"),
        ("fk", "main", "forum.Thread"),
        ("fk", "other", "forum.Thread"),
    }
    [talk] = [edge for edge in found.edges if edge.field == "talk"]
    # A package's own lines are no part of the project: the model's line stands for them.
    assert (talk.file, talk.line, talk.note) == (
        "shop/models.py",
        7,
        "from threads.bases.Discussed",
    )
    assert not [gap for gap in found.gaps if gap.kind in ("unresolved-base", "package-not-read")]


def test_the_package_s_models_and_edges_are_not_the_project_s(root: Path) -> None:
    found = scan(root, venv=root.parent / "venv")
    assert {model.label for model in found.models if model.is_own} == {"shop.Product"}
    assert {model.label for model in found.models if not model.is_own} == {"forum.Thread"}
    assert {edge.source for edge in found.edges if edge.kind == "fk"} == {"shop.Product"}


def test_without_the_environment_what_is_not_known_is_told(root: Path) -> None:
    found = scan(root)
    assert ("other", "threads.Thread") in {(edge.field, edge.target) for edge in found.edges}
    assert {"unresolved-base", "package-not-read"} <= {gap.kind for gap in found.gaps}


def test_a_folder_that_is_no_environment_is_told(root: Path) -> None:
    found = scan(root, venv=root)
    assert [gap.kind for gap in found.gaps if gap.kind == "no-site-packages"]


def test_settings_in_a_folder_beside_the_project_are_found_by_their_name(root: Path) -> None:
    (root / "manage.py").unlink()
    (root / "settings.py").unlink()
    beside = root.parent / "deployed"
    (beside / "ours").mkdir(parents=True)
    (beside / "ours/base.py").write_text('INSTALLED_APPS = ["shop"]\n')
    (beside / "ours/live.py").write_text(
        'from ours.base import *\nINSTALLED_APPS += ["threads.apps.Config"]\n'
    )
    found = scan(root, venv=root.parent / "venv", pythonpath=[beside], settings="ours.live")
    assert found.project.settings == ["ours.live"]
    assert {app.package: app.is_own for app in found.apps} == {"shop": True, "threads": False}
    assert {gap.kind for gap in found.gaps} == set()


def test_settings_that_are_nowhere_are_refused_with_where_they_may_be(root: Path) -> None:
    with pytest.raises(DiagnosticError, match="pythonpath"):
        scan(root, settings="ours.live")


def test_what_lies_in_the_project_is_its_own_though_it_is_on_the_path(root: Path) -> None:
    found = scan(root, venv=root.parent / "venv", pythonpath=[root, root / "shop"])
    assert {model.label for model in found.models if model.is_own} == {"shop.Product"}


def test_a_named_folder_is_read_anew_when_a_file_in_it_changes(root: Path) -> None:
    packages = root.parent / "venv/lib/python3.12/site-packages"
    moved = (packages / "threads").rename(root.parent / "threads")
    cache = root.parent / "cache"

    def fields() -> set[str]:
        found = scan(root, pythonpath=[root.parent], cache=cache)
        return {edge.field for edge in found.edges if edge.source == "shop.Product"}

    assert fields() == {"talk", "main", "other"}
    bases = moved / "bases.py"
    bases.write_text(bases.read_text().replace("talk =", "chatter ="))
    assert fields() == {"chatter", "main", "other"}


def test_packages_that_a_project_carries_along_are_not_its_own(root: Path) -> None:
    """In a folder with Django itself; as if it were own source, `models.Model` would be no model's
    base, and everything a part of the project."""
    carried = (root.parent / "venv/lib/python3.12/site-packages").rename(root / "shop/vendor")
    models = carried / "django/db/models/__init__.py"
    models.parent.mkdir(parents=True)
    for package in (carried, *list(models.parents)[:3]):
        (package / "__init__.py").write_text("")
    models.write_text("class Model:\n    pass\n")
    found = scan(root)
    assert {model.label for model in found.models if model.is_own} == {"shop.Product"}
    assert {edge.field for edge in found.edges if edge.source == "shop.Product"} == {
        "talk",
        "main",
        "other",
    }
