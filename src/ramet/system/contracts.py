"""Which contracts the services declare, read from the source like `imports`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ramet.system.model import System

__all__ = ["DeclaredContract", "contracts"]


@dataclass(frozen=True, slots=True)
class DeclaredContract:
    """One version of a contract: the class, and its full name such as `shop.products.v1.Products`.

    `operations` are the names of its methods.
    """

    service: str
    app: str
    class_name: str
    full_name: str
    operations: tuple[str, ...]

    @property
    def version(self) -> int:
        """As its full name says."""
        return int(self.full_name.split(".")[-2].removeprefix("v"))


def contracts(system: System) -> Iterator[DeclaredContract]:
    """Every contract, service by service; a file that does not parse has none."""
    for service in system.services.values():
        for app in service.apps:
            folder = system.root.joinpath(*app.split("."))
            for path in (folder / "contract.py", *sorted((folder / "contract").rglob("*.py"))):
                for node, full_name in _declared(path, system.root):
                    methods = (each.name for each in node.body if isinstance(each, ast.FunctionDef))
                    names = tuple(name for name in methods if not name.startswith("_"))
                    yield DeclaredContract(service.name, app, node.name, full_name, names)


def _declared(path: Path, root: Path) -> Iterator[tuple[ast.ClassDef, str]]:
    """Class and full name of each contract in a file, as `ramet.calls.contracts` names it."""
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except (OSError, SyntaxError, ValueError):
        return
    parts = path.relative_to(root).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            said = {each.arg: each.value for each in node.keywords}
            match said.get("version"), said.get("name"):
                case ast.Constant(value=int(version)), ast.Constant(value=str(name)):
                    pass
                case ast.Constant(value=int(version)), None:
                    name = node.name
                case _:
                    continue
            yield node, f"{module.removesuffix('.contract')}.v{version}.{name}"
