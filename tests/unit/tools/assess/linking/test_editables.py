"""Packages that are installed as editable are read where their source is.

What stands in site-packages is what uv left there of packages that setuptools, pdm-backend, flit
and poetry build, shortened; the last is a hook as of nobody that we know.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.tools.assess.linking.editables import find_editables
from ramet.tools.assess.scanning import scan

FINDER = """
from __future__ import annotations
import sys

MAPPING: dict[str, str] = {{"threads": {source!r}, "gone": "/nowhere/gone"}}
NAMESPACES: dict[str, list[str]] = {{}}

class _EditableFinder:
    pass

def install():
    raise SystemExit("it was run")
"""
REDIRECTOR = """
from editables.redirector import RedirectingFinder as F
F.install()
F.map_module('threads', '{source}/__init__.py')
"""
OTHER_HOOK = """
from pathlib import Path
raise SystemExit("it was run")
"""

Left = Callable[[Path, Path], None]


def a_folder(site: Path, source: Path) -> None:
    (site / "threads.pth").write_text(f"# where it is\n\n{source.parent}\n")


def a_hook(name: str, text: str, call: str = "") -> Left:
    def left(site: Path, source: Path) -> None:
        (site / "__editable__.threads-1.0.pth").write_text(f"import {name}{call}\n")
        (site / f"{name}.py").write_text(text.format(source=str(source)))
        recorded(site, source.parent.parent, "__editable__.threads-1.0.pth")

    return left


def recorded(site: Path, origin: Path, path_file: str) -> None:
    information = site / "threads-1.0.dist-info"
    information.mkdir()
    (information / "RECORD").write_text(f"{path_file},sha256=1,2\nthreads-1.0.dist-info/RECORD,,\n")
    (information / "direct_url.json").write_text(
        json.dumps({"url": origin.as_uri(), "dir_info": {"editable": True}})
    )


WAYS: dict[str, Left] = {
    "a folder": a_folder,
    "setuptools": a_hook("__editable___threads_1_0_finder", FINDER, "; it.install()"),
    "editables": a_hook("_editable_impl_threads", REDIRECTOR),
    "another hook": a_hook("_threads_editable_loader", OTHER_HOOK),
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "venv/lib/python3.12/site-packages"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The source of `threads`, with a space on the way."""
    folder = tmp_path / "their work/src/threads"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "bases.py").write_text(
        "from django.db import models\n\n\n"
        "class Discussed(models.Model):\n"
        '    talk = models.ForeignKey("auth.User", models.CASCADE)\n\n'
        "    class Meta:\n        abstract = True\n"
    )
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "shop").mkdir(parents=True)
    (folder / "settings.py").write_text('INSTALLED_APPS = ["shop", "django.contrib.auth"]\n')
    (folder / "shop/__init__.py").touch()
    (folder / "shop/models.py").write_text(
        "from threads.bases import Discussed\n\n\nclass Product(Discussed):\n    pass\n"
    )
    return folder


def talks(root: Path, cache: Path | None = None) -> list[str]:
    found = scan(root, venv=root.parent / "venv", cache=cache)
    assert [gap for gap in found.gaps if gap.kind in ("unresolved-base", "package-not-read")] == []
    return [edge.field for edge in found.edges if edge.source == "shop.Product"]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_source_is_followed_and_nothing_is_run(
    way: Left, site: Path, source: Path, root: Path
) -> None:
    way(site, source)
    assert talks(root) == ["talk"]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_change_of_the_source_is_seen_though_nothing_was_installed_anew(
    way: Left, site: Path, source: Path, root: Path
) -> None:
    way(site, source)
    assert talks(root, root.parent / "cache") == ["talk"]
    bases = source / "bases.py"
    bases.write_text(bases.read_text().replace("talk =", "chatter ="))
    assert talks(root, root.parent / "cache") == ["chatter"]


def test_a_package_under_another_name_and_a_single_module_are_mapped(
    site: Path, source: Path
) -> None:
    (source.parent / "single.py").touch()
    (site / "one.pth").write_text("import one\n")
    (site / "one.py").write_text(
        f"MAPPING = {{'talks': {str(source)!r}, 'single': {str(source.parent / 'single')!r}}}\n"
    )
    [talks, single], gaps = find_editables(site)
    assert (talks.path_of("talks.bases"), talks.path_of("threads")) == ("threads/bases", None)
    assert talks.path_of("talkshow") is None
    assert (single.path_of("single"), single.files()) == ("single", [source.parent / "single.py"])
    assert gaps == []


def test_one_whose_source_is_not_here_is_told(site: Path, root: Path, tmp_path: Path) -> None:
    recorded(site, tmp_path / "elsewhere", "threads.pth")
    (site / "threads.pth").write_text(f"{tmp_path / 'elsewhere/src'}\n")
    [gap] = [g for g in scan(root, venv=root.parent / "venv").gaps if g.kind.startswith("editable")]
    assert (gap.kind, "threads" in gap.found) == ("editable-not-found", True)
    assert "--pythonpath" in gap.remedy


def test_the_project_itself_as_editable_is_read_once(site: Path, source: Path, root: Path) -> None:
    a_folder(site, source)
    (site / "project.pth").write_text(f"{root}\n")
    found = scan(root, venv=root.parent / "venv")
    products = [model for model in found.models if model.label.endswith("Product")]
    assert [(model.label, model.is_own) for model in products] == [("shop.Product", True)]


@pytest.mark.parametrize(
    "text", [b"\xff\xfe", b"import \n", b"import odd\n", b"import broken; broken.install()\n", b""]
)
def test_a_path_file_that_says_nothing_ends_nothing(text: bytes, site: Path) -> None:
    (site / "some.pth").write_bytes(text)
    (site / "odd.py").write_text("MAPPING = {**OTHERS, 1: 2, 'a': f()}\nF.map_module(a, b, c)\n")
    (site / "broken.py").write_text("class :\n")
    assert find_editables(site) == ([], [])


def dangling(file: Path) -> None:
    file.symlink_to(file.with_name("gone"))


def looping(file: Path) -> None:
    file.symlink_to(file)


@pytest.mark.parametrize("make", [dangling, looping, Path.mkdir])
def test_a_path_file_that_cannot_be_read_is_told(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "threads.pth")
    places, [gap] = find_editables(tmp_path)
    assert not places
    assert gap.kind == "unreadable-file"
    assert gap.found.startswith("threads.pth in site-packages: ")


@pytest.mark.parametrize("source", ["y" * 5000, "a\0b", "", ".", "/"])
def test_what_no_folder_is_called_leads_nowhere(tmp_path: Path, source: str) -> None:
    (tmp_path / "threads.pth").write_text(f"import hook\n{source}")
    (tmp_path / "hook.py").write_text(f"MAPPING = {{'threads': {source!r}}}")
    places, gaps = find_editables(tmp_path)
    assert {place.package for place in places} <= {""}
    assert not gaps


@pytest.mark.parametrize("url", ["file:///" + "y" * 5000, "file:///a%00b", "http://[", "file:"])
def test_a_url_that_tells_no_folder_is_one_whose_source_is_gone(tmp_path: Path, url: str) -> None:
    information = tmp_path / "threads-1.0.dist-info"
    information.mkdir()
    told = {"url": url, "dir_info": {"editable": True}}
    (information / "direct_url.json").write_text(json.dumps(told))
    places, [gap] = find_editables(tmp_path)
    assert not places
    assert gap.kind == "editable-not-found"
