"""A model's managers and bases are looked for again after a change of its classes, only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.tools.assess.linking.queries.owners import ModelFound, Owners
from ramet.tools.assess.scanning import scan

FILES = {
    "settings.py": 'INSTALLED_APPS = ["one"]\n',
    "one/__init__.py": "",
    "one/mixins.py": "class Mixin:\n    def end(self):\n        self.delete()\n",
    "one/models.py": (
        "from django.db import models\nfrom one.mixins import Mixin\n\n\n"
        "class Special(models.QuerySet):\n    def gone(self):\n        return self.delete()\n\n\n"
        "class One(Mixin, models.Model):\n    objects = Special.as_manager()\n\n\n"
        "class Two(models.Model):\n    ones = models.ManyToManyField(One)\n"
    ),
}


@pytest.mark.parametrize(
    ("path", "old", "new", "again"),
    [
        ("one/models.py", "    ones", "    more = models.ForeignKey(One, 0)\n    ones", ["Two"]),
        ("one/mixins.py", "class Mixin:\n", "class Mixin:\n    x = 1\n", ["One"]),
        ("one/models.py", "objects = Special.as", "items = Special.as", ["One"]),
    ],
)
def test_owners_are_found_again_of_models_whose_classes_have_changed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    old: str,
    new: str,
    again: list[str],
) -> None:
    root = tmp_path / "project"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    scan(root, cache=tmp_path / "cache")
    found: list[str] = []
    find_of = Owners.find_of

    def noted(owners: Owners, dotted: str) -> ModelFound:
        found.append(dotted.rpartition(".")[2])
        return find_of(owners, dotted)

    monkeypatch.setattr(Owners, "find_of", noted)
    (root / path).write_text(FILES[path].replace(old, new, 1))
    after = scan(root, cache=tmp_path / "cache")
    assert found == again
    assert after == scan(root)
