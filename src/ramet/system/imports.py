"""Which modules of other services each service imports: read from the source, nothing is run.

Who calls whom follows from it (`least_privilege`), and so do the violations of boundaries. It needs
no Django, so that tools can ask, and `ramet check` can say what is wrong with a project that does
not start.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ramet.system.model import System

__all__ = [
    "OPEN_MODULES",
    "Import",
    "Source",
    "bound_names",
    "dotted_name",
    "explained",
    "imports",
    "imports_of",
    "sources",
    "uses",
]

# What a service shows to the others; everything else of its folder is its own.
OPEN_MODULES = ("contract", "events")

# Parts of third-party apps that import models, which fails where the app is absent. Others, such
# as django.contrib.auth.hashers, are libraries that anybody may use.
_NEED_MODELS = frozenset(
    {"models", "admin", "forms", "fields", "views", "backends", "get_user_model"}
)


@dataclass(frozen=True, slots=True)
class Source:
    """One module of an own app of a service, read but not run."""

    service: str
    app: str
    path: Path
    module: str
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class Import:
    """One import across a boundary: `importer` imports `target`, a dotted name of `owner`.

    `where` is `path:line`, relative to the system's folder. Importer and owner are the same
    where an open module imports from its own service: whoever imports it imports that as well.
    """

    importer: str
    owner: str
    target: str
    where: str
    is_allowed: bool


def imports(system: System) -> tuple[Import, ...]:
    """Every import across a boundary in the own apps of all services, in the order of the files."""
    return tuple(found for source in sources(system) for found in imports_of(source, system))


def sources(system: System, mentioning: str = "") -> Iterator[Source]:
    """The modules of the own apps of all services, in the order of the files.

    With `mentioning`, a regular expression, only those whose text has it: others are not parsed.
    Tests are left out: they may look into everything. A file that is not Python is left out too:
    importing it fails more clearly.
    """
    for service in system.services.values():
        for app in service.apps:
            if not system.is_own_app(app):
                continue
            for path in _files(system, app):
                text = path.read_bytes()
                if not re.search(mentioning.encode(), text):
                    continue
                try:
                    tree = ast.parse(text, filename=str(path))
                except (SyntaxError, ValueError):
                    continue
                yield Source(service.name, app, path, _module(system.root, path), tree)


def uses(system: System) -> dict[str, dict[str, dict[str, list[str]]]]:
    """What each service uses of others: `{"orders": {"products": {"contract": ["Products"]}}}`."""
    used: dict[str, dict[str, dict[str, set[str]]]] = {name: {} for name in system.services}
    for one in imports(system):
        app = system.app_of_module(one.target) or ""
        kind, _, name = one.target.removeprefix(f"{app}.").partition(".")
        if one.owner != one.importer and kind in OPEN_MODULES and name:
            used[one.importer].setdefault(one.owner, {}).setdefault(kind, set()).add(name)
    return {
        importer: {
            owner: {kind: sorted(names) for kind, names in sorted(kinds.items())}
            for owner, kinds in sorted(owners.items())
        }
        for importer, owners in used.items()
    }


def explained(found: Import) -> tuple[str, str, str]:
    """Check id, message and hint of an import that is not allowed."""
    if found.importer == found.owner:
        return (
            "ramet.E004",
            f"A module that other services import takes {found.target} from inside its own app.",
            "Move what it needs into the module itself, or into a module that no service owns: "
            "a caller does not have this app.",
        )
    return (
        "ramet.E002",
        f"{found.importer} imports {found.target} of {found.owner}.",
        f"Import only contract and events of {found.owner}: call an operation of its contract, "
        "or subscribe to one of its events.",
    )


def _files(system: System, app: str) -> Iterator[Path]:
    folder = system.root.joinpath(*app.split("."))
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder)
        is_test = path.name.startswith("test_") or path.name in {"tests.py", "conftest.py"}
        # An app may lie in the folder of another one, which then owns the file.
        nearest = system.app_of_module(_module(system.root, path))
        if not is_test and "tests" not in inside.parts and nearest == app:
            yield path


def imports_of(source: Source, system: System) -> Iterator[Import]:
    """The imports across a boundary of one module."""
    is_open = source.module.removeprefix(f"{source.app}.").partition(".")[0] in OPEN_MODULES
    shown = source.path.relative_to(system.root).as_posix()
    seen: set[tuple[str, int]] = set()
    for target, line in _targets(source):
        owning_app = system.app_of_module(target)
        owner = system.service_of_app(owning_app) if owning_app else None
        if owner is None or owning_app is None or (target, line) in seen:
            continue
        if owner.name == source.service and not is_open:
            continue
        seen.add((target, line))
        inside = target.removeprefix(owning_app).removeprefix(".").split(".")
        yield Import(
            importer=source.service,
            owner=owner.name,
            target=target,
            where=f"{shown}:{line}",
            is_allowed=inside[0] in OPEN_MODULES
            or (not system.is_own_app(owning_app) and not _NEED_MODELS.intersection(inside)),
        )


def bound_names(source: Source) -> dict[str, str]:
    """Names that imports bind in a module, with the dotted names that they stand for."""
    bound: dict[str, str] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                bound[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            module = _imported_module(node, source)
            for alias in node.names:
                bound[alias.asname or alias.name] = f"{module}.{alias.name}"
    return bound


def _targets(source: Source) -> Iterator[tuple[str, int]]:
    """Dotted names that a module imports, and names that it takes out of imported modules."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _imported_module(node, source)
            for alias in node.names:
                if alias.name != "*":
                    yield f"{module}.{alias.name}", node.lineno
                else:
                    yield module, node.lineno
                    if module.rpartition(".")[2] in OPEN_MODULES:
                        yield f"{module}.*", node.lineno
        elif isinstance(node, ast.Call):
            yield from ((target, node.lineno) for target in _by_name(node))
    bound = bound_names(source)
    for node in ast.walk(source.tree):
        # contract.Products after `from shop.products import contract`
        if isinstance(node, ast.Attribute) and (dotted := dotted_name(node)):
            first, _, rest = dotted.partition(".")
            if first in bound and _is_open_module(bound[first], rest):
                yield f"{bound[first]}.{rest}", node.lineno


def _is_open_module(bound: str, rest: str) -> bool:
    *path, _ = f"{bound}.{rest}".split(".")
    return path[-1] in OPEN_MODULES


def _imported_module(node: ast.ImportFrom, source: Source) -> str:
    if node.level == 0:
        return node.module or ""
    parts = source.module.split(".")
    is_package = source.path.name == "__init__.py"
    parents = parts[: len(parts) - node.level + is_package]
    return ".".join([*parents, *([node.module] if node.module else [])])


def _by_name(call: ast.Call) -> Iterator[str]:
    """import_module("shop.products.models") is an import, too."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in {"import_module", "import_string", "__import__"} and call.args:
        match call.args[0]:
            case ast.Constant(value=str(target)) if not target.startswith("."):
                yield target


def dotted_name(node: ast.expr) -> str | None:
    """`a.b.c` of an expression that is nothing but names and dots, else None."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted_name(node.value)):
        return f"{before}.{node.attr}"
    return None


def _module(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
