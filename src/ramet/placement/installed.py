"""What an entry of INSTALLED_APPS names: an app and its label, read from the source.

Django learns both from the entry's AppConfig. We need them before it may import anything, while the
settings are read, and for apps that are absent from this process; so nothing is run here.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ramet.system import System

__all__ = ["InstalledApp", "installed_app", "labels", "source"]


@dataclass(frozen=True, slots=True)
class InstalledApp:
    """An app as Django will know it: by its dotted module, and by its label as in "users.User"."""

    name: str
    label: str


def installed_app(entry: str, root: Path) -> InstalledApp:
    """The app of one entry, which is a module or the path of an AppConfig class.

    `root` is the folder of the project, which is looked through before `sys.path`. What a class
    computes instead of stating it is not seen: then the last part of the name is the label.
    """
    if entry.rpartition(".")[2][:1].isupper():
        stated = _stated(entry, root)
        name = entry.rpartition(".")[0].removesuffix(".apps")
    else:
        stated, name = _default_config(entry, root), entry
    name = stated.get("name", name)
    return InstalledApp(name, stated.get("label", name.rpartition(".")[2]))


def labels(system: System, entries: Iterable[str]) -> dict[str, str]:
    """The service of each label, for the apps that services own; `entries` is INSTALLED_APPS."""
    known = {app.name: app.label for app in (installed_app(e, system.root) for e in entries)}
    return {
        known.get(app) or installed_app(app, system.root).label: service.name
        for service in system.services.values()
        for app in service.apps
    }


def source(module: str, root: Path) -> Path | None:
    """The file of a module, or the `__init__.py` of a package; None where there is no source."""
    for folder in (root, *map(Path, sys.path)):
        path = folder.joinpath(*module.split("."))
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                return file
    return None


def _default_config(app: str, root: Path) -> dict[str, str]:
    """What the class states that Django takes for an app named by its module alone."""
    tree = _tree(f"{app}.apps", root)
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)] if tree else []
    stated = [_stated(f"{app}.apps.{name}", root) for name in classes]
    # As AppConfig.create: the only one that does not say default = False, else the one with True.
    configs = [each for each in stated if "name" in each and each.get("default") != "False"]
    if len(configs) > 1:
        configs = [each for each in configs if each.get("default") == "True"]
    return configs[0] if len(configs) == 1 else {}


def _stated(dotted: str, root: Path, depth: int = 0) -> dict[str, str]:
    """Constants that a class or, before that, its bases assign in their bodies."""
    module, _, name = dotted.rpartition(".")
    tree = _tree(module, root) if depth < 5 else None
    if tree is None:
        return {}
    found: dict[str, str] = {}
    imported = dict(_imported(tree, module))
    for node in tree.body:
        if not isinstance(node, ast.ClassDef) or node.name != name:
            continue
        for base in reversed(node.bases):
            first, _, rest = ast.unparse(base).partition(".")
            path = ".".join(filter(None, [imported.get(first, f"{module}.{first}"), rest]))
            if path != "django.apps.AppConfig":
                found |= _stated(path, root, depth + 1)
        found |= dict(_constants(node))
    return found


def _constants(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement in node.body:
        targets, value = [], None
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign):
            targets, value = [statement.target], statement.value
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                yield target.id, str(value.value)


def _imported(tree: ast.Module, module: str) -> Iterator[tuple[str, str]]:
    """Names that a module binds by imports, and what they stand for."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (first, first)
        elif isinstance(node, ast.ImportFrom):
            # An AppConfig's module is apps.py, no package: one dot is its parent.
            parents = module.split(".")[: -node.level] if node.level else []
            origin = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                yield alias.asname or alias.name, f"{origin}.{alias.name}"


def _tree(module: str, root: Path) -> ast.Module | None:
    file = source(module, root)
    if file is None:
        return None
    try:
        return ast.parse(file.read_bytes(), filename=str(file))
    except (SyntaxError, ValueError):
        return None  # importing it will say so more clearly
