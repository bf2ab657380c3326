"""The models of a file are built again after a change of what they follow from, only then."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from ramet.tools.assess.linking import registering
from ramet.tools.assess.linking.entries import InFile
from ramet.tools.assess.linking.models import ModelClasses
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.scanning import scan
from tests.unit.tools.assess.linking.conftest import put

FILES = {
    "settings.py": 'INSTALLED_APPS = ["base", "extra", "people", "shop", "stock"]\n',
    "base/__init__.py": "",
    "base/fields.py": (
        "from django.db import models\n\n\nclass OwnerField(models.ForeignKey):\n"
        "    def __init__(self, *args, **kwargs):\n"
        "        kwargs.setdefault('to', 'people.Person')\n"
        "        super().__init__(*args, **kwargs)\n\n\n"
        "def link(to, **kwargs):\n    return models.ForeignKey(to, models.CASCADE, **kwargs)\n"
    ),
    "base/models.py": (
        "from django.db import models\nfrom base.fields import OwnerField\n\n\n"
        "class Owned(models.Model):\n    owner = OwnerField(related_name='%(class)s_set')\n\n"
        "    class Meta:\n        abstract = True\n\n\n"
        "class Plain(models.Model):\n    other = models.ForeignKey('self', models.CASCADE)\n\n"
        "    class Meta:\n        abstract = True\n"
    ),
    "base/kept.py": (
        "from django.db import models\nfrom simple_history.models import HistoricalRecords\n\n\n"
        "class Kept(models.Model):\n    history = HistoricalRecords(inherit=True)\n\n"
        "    class Meta:\n        abstract = True\n"
    ),
    "people/__init__.py": "",
    "people/models.py": (
        "from django.db import models\nfrom base.kept import Kept\n\n\nclass Person(Kept):\n"
        "    friends = models.ManyToManyField('self')\n\n\n"
        "class Staff(Person):\n    class Meta:\n        proxy = True\n"
    ),
    "shop/__init__.py": "",
    "shop/models.py": (
        "from django.db import models\nfrom simple_history.models import HistoricalRecords\n"
        "from base.fields import link\nfrom base.models import Owned\n"
        "from people.models import Person, Staff\n\n\n"
        "class Order(Owned):\n    buyer = link(Person)\n"
        "    seller = link(Staff, related_name='+')\n"
        "    history = HistoricalRecords(excluded_fields=['seller'])\n\n\n"
        "class Gift(Order):\n    to = models.OneToOneField('people.person', models.CASCADE)\n"
    ),
    "stock/__init__.py": "",
    "stock/models.py": (
        "from django.db import models\nfrom base.models import Plain\n\n\n"
        "class Shelf(Plain):\n    place = models.CharField(max_length=9)\n"
    ),
    "extra/__init__.py": "",
    "extra/models.py": "from django.db import models\n\n\nclass Extra(models.Model):\n    pass\n",
    "extra/adding.py": (
        "from django.db import models\n\n\ndef add(model, to):\n"
        "    model.add_to_class('added', models.ForeignKey(to, models.CASCADE))\n"
    ),
    "extra/added.py": (
        "from extra.adding import add\nfrom extra.models import Extra\n\n\n"
        "add(Extra, to='stock.Shelf')\n"
    ),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return put(tmp_path / "project", FILES)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose models were built."""
    paths: list[str] = []
    build = registering.entries_in

    def noted(module: Module, classes: ModelClasses) -> InFile:
        paths.append(module.path)
        return build(module, classes)

    monkeypatch.setattr(registering, "entries_in", noted)
    return paths


@pytest.mark.parametrize(
    ("path", "old", "new", "again"),
    [
        pytest.param(
            "stock/models.py",
            "    place",
            "    of = models.ForeignKey('shop.Order', models.CASCADE)\n    place",
            ["stock/models.py"],
            id="a field of a model that nobody inherits",
        ),
        pytest.param(
            "people/models.py",
            "'self')",
            "'self')\n    boss = models.ForeignKey('self', models.CASCADE)",
            ["people/models.py"],
            id="a field of a model that others relate to",
        ),
        pytest.param(
            "base/models.py",
            "class Plain(models.Model):\n",
            "class Plain(models.Model):\n    more = models.ForeignKey('shop.Gift', 0)\n",
            ["base/models.py", "shop/models.py", "stock/models.py"],
            id="a field that is inherited, and the lines of others",
        ),
        pytest.param(
            "base/models.py",
            "from base",
            "\n\nfrom base",
            ["base/models.py", "shop/models.py", "stock/models.py"],
            id="the lines of fields that are inherited",
        ),
        pytest.param(
            "base/kept.py",
            "class Kept",
            "\n\nclass Kept",
            ["base/kept.py", "people/models.py"],
            id="the line of a history that is inherited",
        ),
        pytest.param(
            "base/fields.py",
            "people.Person",
            "stock.Shelf",
            ["base/fields.py", "shop/models.py"],
            id="where a class of fields leads to",
        ),
        pytest.param(
            "base/fields.py",
            "ForeignKey(to",
            "OneToOneField(to",
            ["base/fields.py", "shop/models.py"],
            id="what a function that makes fields returns",
        ),
        pytest.param(
            "people/models.py",
            "proxy = True",
            "app_label = 'shop'",
            ["people/models.py", "shop/models.py"],
            id="what a model is called",
        ),
        pytest.param(
            "extra/added.py",
            "Shelf",
            "Rack",
            ["extra/added.py"],
            id="a field that is added from elsewhere",
        ),
    ],
)
def test_models_are_built_again_where_what_they_follow_from_has_changed(
    root: Path, tmp_path: Path, built: list[str], path: str, old: str, new: str, again: list[str]
) -> None:
    """Besides those that are given a field from elsewhere, which always are."""
    scan(root, cache=tmp_path / "cache")
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))
    built.clear()
    after = scan(root, cache=tmp_path / "cache")
    assert sorted(built) == sorted([*again, "extra/models.py"])
    assert after == scan(root)


def test_a_field_is_added_and_no_longer_though_its_models_file_stays(
    root: Path, tmp_path: Path
) -> None:
    path = root / "extra/added.py"
    added = path.read_text()
    path.write_text("")
    for text in ("", added, "\n\n" + added, added.replace("Shelf", "Rack"), "", added):
        path.write_text(text)
        assert scan(root, cache=tmp_path / "cache") == scan(root)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_lines_go_or_change_places_the_cache_is_not_to_be_seen(
    root: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    scan(root, cache=tmp_path / "cache")
    for _ in range(30):
        path = root / chance.choice([path for path in FILES if not path.endswith("__init__.py")])
        lines = FILES[path.relative_to(root).as_posix()].splitlines()
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[at] = chance.choice(
            ["", f"\n{lines[at]}", lines[other], re.sub(r"(?<=')\w", r"\g<0>x", lines[at])]
        )
        path.write_text("\n".join(lines) + "\n")
        assert scan(root, cache=tmp_path / "cache") == scan(root), f"{path}:{at + 1}: {lines[at]}"
