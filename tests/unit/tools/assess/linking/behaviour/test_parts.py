"""A module's part of a scan is made again after a change of what it asked others for, only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.tools.assess.linking.behaviour.parts import Part, Parts
from ramet.tools.assess.scanning import scan
from tests.unit.tools.assess.linking.conftest import put

MODELS = "from django.db import models\n\n\nclass {}(models.Model):\n    pass\n"
FILES = {
    "settings.py": 'INSTALLED_APPS = ["one", "two", "three"]\n',
    "one/__init__.py": "",
    "one/models.py": MODELS.format("One"),
    "one/services.py": (
        "from one.models import One\n\n\ndef clear():\n    One.objects.all().delete()\n\n\n"
        "def count():\n    return One.objects.count()\n"
    ),
    "two/__init__.py": "",
    "two/models.py": MODELS.format("Two"),
    "two/signals.py": "from django.dispatch import Signal\n\ncleared = Signal()\n",
    "two/steps.py": (
        "from one import services\nfrom two.models import Two\n"
        "from two.signals import cleared\n\n\n"
        "def step():\n    Two.objects.create()\n    services.clear()\n\n\n"
        "def told():\n    cleared.send(Two)\n"
    ),
    "three/__init__.py": "",
    "three/models.py": MODELS.format("Three"),
    "three/hearing.py": (
        "from django.db.models.signals import post_save\nfrom django.dispatch import receiver\n"
        "from three.models import Three\n\n\n"
        "@receiver(post_save, sender='two.Two')\ndef hear(sender, **kwargs):\n"
        "    Three.objects.create()\n"
    ),
    "three/views.py": (
        "from django.db import transaction\nfrom three.models import Three\n"
        "from two import steps\n\n\n"
        "def view(request):\n    with transaction.atomic():\n"
        "        Three.objects.create()\n        steps.step()\n        steps.told()\n\n\n"
        "def other(request):\n    return Three.objects.count()\n"
    ),
    "three/alone.py": (
        "from three.models import Three\n\n\ndef alone():\n    Three.objects.create()\n"
    ),
}

CHANGES = [
    pytest.param("three/alone.py", "create()", "all().delete()", [], id="what nobody asks for"),
    pytest.param(
        "one/services.py",
        "def count",
        "\n\ndef count",
        [],
        id="lines of what nobody asks for",
    ),
    pytest.param(
        "one/services.py",
        "    One.objects.all().delete()",
        "    import two.steps\n\n    two.steps.told()",
        ["two.steps", "three.views"],
        id="what a function writes, also far away",
    ),
    pytest.param(
        "one/services.py",
        "def clear",
        "\n\ndef clear",
        ["three.views"],
        id="in which line it does",
    ),
    pytest.param(
        "one/services.py",
        "def clear",
        "def clear_all",
        ["two.steps", "three.views"],
        id="a function that goes",
    ),
    pytest.param(
        "three/hearing.py",
        "sender='two.Two'",
        "sender='one.One'",
        ["three.views"],
        id="who hears a signal of Django's",
    ),
    pytest.param(
        "three/hearing.py",
        "post_save, sender='two.Two'",
        "__import__('two.signals').signals.cleared",
        ["three.views"],
        id="a receiver that goes",
    ),
    pytest.param(
        "two/steps.py",
        "    cleared.send(Two)",
        "    pass",
        ["three.views"],
        id="who sends a signal",
    ),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return put(tmp_path / "project", FILES)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The modules whose parts were made."""
    modules: list[str] = []
    of = Parts.of

    def noted(parts: Parts, module: str) -> Part:
        modules.append(module)
        return of(parts, module)

    monkeypatch.setattr(Parts, "of", noted)
    return modules


@pytest.mark.parametrize(("path", "old", "new", "others"), CHANGES)
def test_parts_are_made_again_of_the_changed_module_and_of_those_that_see_it(
    root: Path, tmp_path: Path, made: list[str], path: str, old: str, new: str, others: list[str]
) -> None:
    scan(root, cache=tmp_path / "cache")
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))
    made.clear()
    after = scan(root, cache=tmp_path / "cache")
    assert sorted(made) == sorted([path.removesuffix(".py").replace("/", "."), *others])
    assert after == scan(root)
