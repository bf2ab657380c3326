"""Packages that are installed as editable: where their source is, which is not in site-packages.

What an installer leaves there instead is read, and never run: the folders in `*.pth` files, the
mapping in the import hook of setuptools, and the calls that the `editables` package documents. A
package with a hook of another kind is looked for where its `direct_url.json` says that it came from
(PEP 610).
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from ramet.tools.assess.facts import Gap
from ramet.tools.assess.source.walking import walk

__all__ = ["Place", "find_editables"]


class Place(msgspec.Struct, frozen=True):
    """A folder of the search path; with `package`, that one alone, which is `inside` the folder."""

    folder: Path
    package: str = ""
    inside: str = ""

    @property
    def path(self) -> Path:
        """What its modules lie in."""
        return self.folder / self.inside

    def files(self) -> list[Path]:
        """All Python files that it may be asked for."""
        if self.path.is_dir():
            return [self.path / file for file in walk(self.path).python]
        return [self.path.with_suffix(".py")]

    def has(self, top: str) -> bool:
        """Whether names that begin so may be in it."""
        if self.package:
            return top == self.package.partition(".")[0]
        return (self.folder / top).is_dir() or (self.folder / f"{top}.py").is_file()

    def path_of(self, dotted: str) -> str | None:
        """The path that a module's name leads to, from the folder and without a suffix."""
        if self.package and not f"{dotted}.".startswith(f"{self.package}."):
            return None
        return self.inside + dotted[len(self.package) :].replace(".", "/")


def find_editables(site: Path) -> tuple[list[Place], list[Gap]]:
    """Where the source of editable packages is, and those of which it is nowhere."""
    told: dict[str, list[Place]] = {}
    gaps = []
    for file in sorted(site.glob("*.pth")):
        try:
            told[file.name] = list(_of_file(file))
        except OSError as error:
            gaps.append(_unreadable(file, error))
    places = [place for found in told.values() for place in found]
    for information in sorted(site.glob("*.dist-info")):
        origin = _origin(information)
        if origin is None or any(told.get(name) for name in _path_files(information)):
            continue
        # `os.path.isdir` is false for what no file system can have; `Path.is_dir` raises.
        if os.path.isdir(origin):
            folder = Path(origin).resolve()
            places.append(Place(folder / "src" if (folder / "src").is_dir() else folder))
        else:
            gaps.append(_not_found(information.name.partition("-")[0]))
    return list(dict.fromkeys(places)), gaps


def _of_file(path: Path) -> Iterator[Place]:
    """A line of a .pth file is a folder, or a statement that installs a hook."""
    for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        if hook := re.match(r"import[ \t]+(\w+)", line):
            yield from _of_hook(path.with_name(f"{hook[1]}.py"))
        elif (entry := line.strip()) and not entry.startswith("#"):
            folder = path.parent / entry
            if os.path.isdir(folder):
                yield Place(folder.resolve())


def _of_hook(path: Path) -> Iterator[Place]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # a hook of another kind, or of a Python that is not this one
    for node in ast.walk(tree):
        for package, source in _mapped(node):
            if isinstance(package, ast.Constant) and isinstance(source, ast.Constant):
                yield from _place(str(package.value), Path(str(source.value)))


def _mapped(node: ast.AST) -> Iterator[tuple[ast.expr | None, ast.expr]]:
    match node:
        case (
            ast.AnnAssign(target=ast.Name("MAPPING"), value=ast.Dict(keys, values))
            | ast.Assign(targets=[ast.Name("MAPPING")], value=ast.Dict(keys, values))
        ):
            yield from zip(keys, values, strict=True)
        case ast.Call(func=ast.Attribute(attr="map_module"), args=[package, source]):
            yield package, source


def _place(package: str, source: Path) -> Iterator[Place]:
    """That of a package's folder or `__init__.py`, or of a module with or without its suffix."""
    path = source.parent if source.name == "__init__.py" else Path(os.path.splitext(source)[0])
    if path.name and (os.path.isdir(path) or os.path.isfile(f"{path}.py")):
        path = path.resolve()
        yield Place(path.parent, package, path.name)


class _Origin(msgspec.Struct):
    url: str
    dir_info: dict[str, bool] = {}


def _origin(information: Path) -> str | None:
    """The folder that a package is installed from as editable, "" where its URL tells none; None
    where it is not."""
    try:
        origin = msgspec.json.decode((information / "direct_url.json").read_bytes(), type=_Origin)
    except (OSError, msgspec.DecodeError):
        return None
    if not origin.dir_info.get("editable"):
        return None
    try:
        return unquote(urlsplit(origin.url).path)
    except ValueError:
        return ""


def _path_files(information: Path) -> list[str]:
    try:
        record = (information / "RECORD").read_text(encoding="utf-8")
    except OSError:
        return []
    return re.findall(r"^([^/,]+\.pth),", record, re.MULTILINE)


def _unreadable(file: Path, error: OSError) -> Gap:
    return Gap(
        kind="unreadable-file",
        file="",
        line=0,
        found=f"{file.name} in site-packages: {error.strerror}",
        why="A package that it leads to was not read.",
        remedy="Let it be read, or name the folder that has the package with --pythonpath.",
    )


def _not_found(package: str) -> Gap:
    return Gap(
        kind="editable-not-found",
        file="",
        line=0,
        found=f"the package {package}, installed as editable from a folder that is not here",
        why="What it defines was not read.",
        remedy="Name the folder that has its packages with --pythonpath.",
    )
