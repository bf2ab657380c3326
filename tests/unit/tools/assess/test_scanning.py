"""A second run says the same as the first would, and looks again only at what is different."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ramet.tools.assess.facts import Scan
from ramet.tools.assess.linking.behaviour.linker import Linker
from ramet.tools.assess.scanning import scan
from ramet.tools.assess.source import extracting

FILES = {
    "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    "settings.py": 'INSTALLED_APPS = ["one", "two"]\n',
    "one/__init__.py": "",
    "one/models.py": (
        "from django.db import models\n\n\nclass Base(models.Model):\n"
        "    to = models.ForeignKey('two.Two', models.CASCADE)\n\n"
        "    def change(self):\n        self.to.save()\n\n"
        "    def two(self):\n        return self.to\n\n"
        "    def save_two(self):\n        self.two().save()\n\n"
        "    class Meta:\n        abstract = True\n\n\nclass One(Base):\n    pass\n\n\n"
        "def model():\n    return One\n"
    ),
    "two/__init__.py": "",
    "two/models.py": (
        "from django.db import models\n\n\nclass Two(models.Model):\n    pass\n\n\n"
        "class Three(models.Model):\n    one = models.ForeignKey('one.One', models.CASCADE)\n"
    ),
    "two/views.py": (
        "from one.models import One, model\n\n\ndef show(request):\n"
        "    model().objects.filter(to__three__one=1)\n"
        "    return One.objects.filter(to__three__one=1)\n"
    ),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The project's folder."""
    for path, text in FILES.items():
        (tmp_path / "project" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / path).write_text(text)
    return tmp_path / "project"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done: `parse` for each file, the module's name for each that is linked."""
    done: list[str] = []
    extract, link = extracting.extract, Linker.link

    def extracted(content: bytes, *, is_own: bool = True) -> bytes:
        done.append("parse")
        return extract(content, is_own=is_own)

    def linked(self: Linker, module: object, behaviour: object) -> object:
        done.append(module.name)  # type: ignore[attr-defined]
        return link(self, module, behaviour)  # type: ignore[arg-type]

    monkeypatch.setattr(extracting, "extract", extracted)
    monkeypatch.setattr(Linker, "link", linked)
    return done


def test_a_second_run_of_the_same_project_says_the_same_and_does_nothing(
    root: Path, tmp_path: Path, work: list[str]
) -> None:
    first = scan(root, cache=tmp_path / "cache")
    assert any(edge.kind == "lookup" for edge in first.edges)
    work.clear()
    assert scan(root, cache=tmp_path / "cache") == first
    assert work == []


Change = tuple[str, Callable[[str], str], list[str]]
EVERYTHING = ["manage", "one", "one.models", "settings", "two", "two.models", "two.views"]


@pytest.mark.parametrize(
    ("path", "change", "again"),
    [
        # The inside of a function: that file alone.
        (
            "one/models.py",
            lambda text: text.replace("self.to.save()", "return 1"),
            ["one.models"],
        ),
        # Lines that move: that file alone, and what leads to its lines has the new ones.
        ("one/models.py", lambda text: "# New.\n\n" + text, ["one.models"]),
        # What a function returns that no other file asks for: that file alone.
        (
            "two/views.py",
            lambda text: text.replace("return One.objects.filter(to__three__one=1)", "return One"),
            ["two.views"],
        ),
        (
            "one/models.py",
            lambda text: text.replace("return self.to", "return self"),
            ["one.models"],
        ),
        # What another file asks for: that one too.
        (
            "one/models.py",
            lambda text: text.replace("return One", "return Base"),
            ["one.models", "two.views"],
        ),
        # A field: whoever asks for it, in a lookup too.
        (
            "one/models.py",
            lambda text: text.replace("to = ", "at = "),
            ["one.models", "two.views"],
        ),
        (
            "two/models.py",
            lambda text: text.replace("'one.One'", "'two.Two'"),
            ["two.models", "two.views"],
        ),
        # A field that nobody has asked for: that file alone.
        (
            "two/models.py",
            lambda text: text + "    other = models.ForeignKey('one.One', models.CASCADE)\n",
            ["two.models"],
        ),
        # A method that somebody has asked for in vain.
        (
            "two/models.py",
            lambda text: text.replace("    pass\n", "    def save(self):\n        self.delete()\n"),
            ["one.models", "two.models"],
        ),
        # Settings: all of them.
        ("settings.py", lambda text: text.replace(', "two"', ""), EVERYTHING),
    ],
)
def test_a_run_after_a_change_says_what_a_fresh_one_says_and_links_no_more_than_it_must(
    root: Path,
    tmp_path: Path,
    work: list[str],
    path: str,
    change: Callable[[str], str],
    again: list[str],
) -> None:
    before = scan(root, cache=tmp_path / "cache")
    (root / path).write_text(change((root / path).read_text()))
    work.clear()
    after = scan(root, cache=tmp_path / "cache")
    assert sorted(work) == sorted(["parse", *again])
    fresh = scan(root)
    assert after == fresh
    assert after != before


def test_a_new_file_and_a_gone_one_are_noticed(root: Path, tmp_path: Path) -> None:
    scan(root, cache=tmp_path / "cache")
    (root / "two/views.py").unlink()
    (root / "two/admin.py").write_text(
        "from django.contrib import admin\nfrom one.models import One\nadmin.site.register(One)\n"
    )
    assert scan(root, cache=tmp_path / "cache") == scan(root)


def test_a_cache_that_cannot_be_read_or_written_costs_nothing_but_time(
    root: Path, tmp_path: Path
) -> None:
    fresh = scan(root)
    (tmp_path / "file").write_text("")
    assert scan(root, cache=tmp_path / "file") == fresh
    scan(root, cache=tmp_path / "cache")
    for kept in (tmp_path / "cache").iterdir():
        kept.write_bytes(b"\xff" + kept.read_bytes()[: kept.stat().st_size // 2])
    assert scan(root, cache=tmp_path / "cache") == fresh


def test_a_scan_is_json_and_comes_back_the_same(root: Path) -> None:
    found = scan(root)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Scan) == found


def test_a_package_without_settings_above_it_is_a_project(root: Path) -> None:
    found = scan(root / "one")
    assert [model.label for model in found.models if model.is_own] == ["one.One"]
    assert [edge.target for edge in found.edges if edge.kind == "fk"] == ["two.Two"]


def test_of_two_modules_with_one_name_it_says_where_both_are(root: Path) -> None:
    """Two projects in one folder: only one can be what `one.views` means."""
    assert [gap for gap in scan(root).gaps if gap.kind == "same-name"] == []
    views = "from one.models import One\n\n\ndef drop(request):\n    One.objects.all().delete()\n"
    for folder in (root, root / "z_other"):
        (folder / "one").mkdir(parents=True, exist_ok=True)
        (folder / "one/__init__.py").touch()
        (folder / "one/views.py").write_text(views)
    (root / "z_other/manage.py").write_text(FILES["manage.py"])
    found = scan(root)
    assert [function.file for function in found.functions if function.name == "one.views.drop"] == [
        "one/views.py"
    ]
    assert [(gap.file, gap.found) for gap in found.gaps if gap.kind == "same-name"] == [
        ("z_other/one/views.py", "a second module one.views, after one/views.py")
    ]
