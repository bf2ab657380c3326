"""Which modules of other services each service imports: read from the source, nothing is run.

Who calls whom follows from it, and so do the violations of boundaries. It needs no Django, so that
`ramet check` can also say what is wrong with a project that does not start.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ramet.system import System

__all__ = ["OPEN_MODULES", "Import", "contract_class", "explained", "imports", "uses"]

# What a service shows to the others; everything else of its folder is its own.
OPEN_MODULES = ("contract", "events")

# Parts of third-party apps that import models, which fails where the app is absent. Others, such
# as django.contrib.auth.hashers, are libraries that anybody may use.
_NEED_MODELS = frozenset(
    {"models", "admin", "forms", "fields", "views", "backends", "get_user_model"}
)


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
    """Every import across a boundary in the own apps of all services, in the order of the files.

    Tests are left out: they may look into everything. A file that is not Python is left out too:
    importing it fails more clearly.
    """
    return tuple(
        found
        for service in system.services.values()
        for app in service.apps
        if system.is_own_app(app)
        for path in _files(system, app)
        for found in _of_file(system, service.name, app, path)
    )


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


def contract_class(system: System, full_name: str) -> str:
    """The name of the class that declares a contract such as `shop.products.v2.Products`.

    It is another one where the contract was given its name: `ProductsV2(..., name="Products")`.
    """
    module, version, name = full_name.rsplit(".", 2)
    folder = system.root.joinpath(*module.split("."))
    for path in (folder / "contract.py", *sorted((folder / "contract").rglob("*.py"))):
        try:
            tree = ast.parse(path.read_bytes(), filename=str(path))
        except (OSError, SyntaxError, ValueError):
            continue  # without its source, the class has the contract's name as far as we know
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                said = {each.arg: ast.unparse(each.value) for each in node.keywords}
                if (said.get("name"), said.get("version")) == (repr(name), version[1:]):
                    return node.name
    return name


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


def _of_file(system: System, service: str, app: str, path: Path) -> Iterator[Import]:
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError):
        return
    module = _module(system.root, path)
    is_open = module.removeprefix(f"{app}.").partition(".")[0] in OPEN_MODULES
    shown = path.relative_to(system.root).as_posix()
    seen: set[tuple[str, int]] = set()
    for target, line in _targets(tree, module, is_package=path.name == "__init__.py"):
        owning_app = system.app_of_module(target)
        owner = system.service_of_app(owning_app) if owning_app else None
        if owner is None or owning_app is None or (target, line) in seen:
            continue
        if owner.name == service and not is_open:
            continue
        seen.add((target, line))
        inside = target.removeprefix(owning_app).removeprefix(".").split(".")
        yield Import(
            importer=service,
            owner=owner.name,
            target=target,
            where=f"{shown}:{line}",
            is_allowed=inside[0] in OPEN_MODULES
            or (not system.is_own_app(owning_app) and not _NEED_MODELS.intersection(inside)),
        )


def _targets(tree: ast.Module, module: str, *, is_package: bool) -> Iterator[tuple[str, int]]:
    """Dotted names that a module imports, and names that it takes out of imported modules."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            source = _source(node, module, is_package=is_package)
            for alias in node.names:
                target = source if alias.name == "*" else f"{source}.{alias.name}"
                bound[alias.asname or alias.name] = target
                yield target, node.lineno
        elif isinstance(node, ast.Call):
            yield from ((target, node.lineno) for target in _by_name(node))
    for node in ast.walk(tree):
        # contract.Products after `from shop.products import contract`
        if isinstance(node, ast.Attribute) and (dotted := _dotted(node)):
            first, _, rest = dotted.partition(".")
            if first in bound and _is_open_module(bound[first], rest):
                yield f"{bound[first]}.{rest}", node.lineno


def _is_open_module(bound: str, rest: str) -> bool:
    *path, _ = f"{bound}.{rest}".split(".")
    return path[-1] in OPEN_MODULES


def _source(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if node.level == 0:
        return node.module or ""
    parts = module.split(".")
    parents = parts[: len(parts) - node.level + is_package]
    return ".".join([*parents, *([node.module] if node.module else [])])


def _by_name(call: ast.Call) -> Iterator[str]:
    """import_module("shop.products.models") is an import, too."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in {"import_module", "import_string", "__import__"} and call.args:
        match call.args[0]:
            case ast.Constant(value=str(target)) if not target.startswith("."):
                yield target


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return None


def _module(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
