"""A file is linked again after a change of what it asked for, wherever and however that was."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.tools.assess.scanning import scan

FILES = {
    "settings.py": 'INSTALLED_APPS = ["one", "two"]\n',
    "one/__init__.py": "",
    "one/models.py": (
        "from django.db import models\n\n\nclass One(models.Model):\n    pass\n\n\n"
        "class Other(models.Model):\n    pass\n"
    ),
    "one/managers.py": (
        "from django.db import models\n\n\nclass Special(models.QuerySet):\n"
        "    def special(self):\n        return self.filter()\n"
    ),
    "one/mixins.py": "class Mixin:\n    def end(self):\n        self.delete()\n",
    "one/base.py": (
        "from unknown import Thing\nfrom django.db import models\n\n\n"
        "class Base(Thing):\n    pass\n"
    ),
    "one/walks.py": (
        "from one.models import One, Other\n\n\n"
        "class Left:\n    def run(self):\n        return One()\n\n"
        "    def walk(self):\n        return One()\n\n\n"
        "class Right:\n    def run(self):\n        return Other()\n\n"
        "    def walk(self):\n        return Other()\n"
    ),
    "one/steps.py": "from one.between import Between\n\n\nclass Step(Between):\n    pass\n",
    "one/between.py": ("from one.walks import Left, Right\n\n\nclass Between(Left):\n    pass\n"),
    "one/making.py": "from one.models import One, Other\n\n\ndef make():\n    return One()\n",
    "two/__init__.py": "",
    "two/models.py": (
        "from django.db import models\nfrom one.base import Base\n"
        "from one.managers import Special\nfrom one.mixins import Mixin\n\n\n"
        "class Two(models.Model):\n    pass\n\n\nclass Sub(Base):\n    pass\n"
    ),
    # Two files ask for the same, so that one of them is given what was found for the other.
    **{
        f"two/{name}.py": (
            "from django.apps import apps\nfrom one.making import make\n"
            "from one.steps import Step\nfrom two.models import Sub, Two\n\n\n"
            "def made():\n    make().delete()\n\n\n"
            f"def stepped():\n    Step().{name}().delete()\n\n\n"
            "def managed():\n    Two.objects.special().delete()\n\n\n"
            "def subbed():\n    Sub.objects.create()\n\n\n"
            "def named():\n    apps.get_model('one', 'Late').objects.create()\n\n\n"
            "def later():\n    from one import late\n\n    late.find().delete()\n"
        )
        for name in ("run", "walk")
    },
}


CHANGES = [
    ("one/making.py", "return One()", "return Other()", ["two.*.made"]),
    ("one/between.py", "Between(Left)", "Between(Right)", ["two.*.stepped"]),
    # What was asked for in vain: a module, a model by its name, a manager, a field in a base.
    ("one/late.py", "", "from one.making import make as find\n", ["two.*.later"]),
    (
        "one/models.py",
        "class Other",
        "class Late(One):\n    pass\n\n\nclass Other",
        ["two.*.named"],
    ),
    (
        "two/models.py",
        "    pass\n\n\nclass Sub",
        "    objects = Special.as_manager()\n\n\nclass Sub",
        ["one.managers.Special.special", "two.*.managed"],
    ),
    ("two/models.py", "Two(models", "Two(Mixin, models", ["one.mixins.Mixin.end"]),
    ("one/base.py", "    pass", "    name = models.CharField(max_length=9)", ["two.*.subbed"]),
]


@pytest.mark.parametrize(("path", "old", "new", "functions"), CHANGES)
def test_what_asked_for_a_fact_is_linked_again_and_says_what_a_fresh_run_says(
    tmp_path: Path, path: str, old: str, new: str, functions: list[str]
) -> None:
    root = tmp_path / "project"
    for each, text in FILES.items():
        (root / each).parent.mkdir(parents=True, exist_ok=True)
        (root / each).write_text(text)
    before = {each.name: each for each in scan(root, cache=tmp_path / "cache").functions}
    text = (root / path).read_text() if old else ""
    assert old in text
    (root / path).write_text(text.replace(old, new, 1) if old else new)
    after = scan(root, cache=tmp_path / "cache")
    assert after == scan(root)
    expected = {each.replace("*", name) for each in functions for name in ("run", "walk")}
    found = {each.name for each in after.functions if each != before.get(each.name)}
    assert {name for name in found if name in expected} == expected
