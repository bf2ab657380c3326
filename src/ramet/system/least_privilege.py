"""Who may call whom: what the code of each service shows that it needs, and nothing more.

Read from the source like `imports`, so that a tool can ask without running the project. The mesh
enforces it (`ramet.tools.gateway`); `ramet explain` tells where a right comes from.
"""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ramet.system.contracts import contracts
from ramet.system.imports import Source, bound_names, dotted_name, imports_of, sources
from ramet.system.model import System

__all__ = ["Grant", "Policy", "policy"]

_Declared = dict[tuple[str, str], list[str]]
_CALLING = r"\b(contract|fetch)\b"
_FETCH = frozenset({"ramet.fetch", "ramet.calls.fetch"})


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """`caller` may call the operations of `contract`, such as `shop.products.v1.Products`.

    Where `contract` is "", it may ask for the public routes of `callee`. `where` is the `path:line`
    that shows it, relative to the system's folder.
    """

    callee: str
    contract: str
    caller: str
    where: str


@dataclass(frozen=True, slots=True)
class Policy:
    """All rights that services have to each other; the union of two holds the rights of both."""

    grants: frozenset[Grant] = frozenset()

    def __or__(self, other: "Policy") -> "Policy":
        return Policy(self.grants | other.grants)

    def only(self, callers: Collection[str]) -> "Policy":
        """The rights of these callers alone."""
        return Policy(frozenset(each for each in self.grants if each.caller in callers))

    def without(self, callers: Collection[str]) -> "Policy":
        """The rights of all others."""
        return Policy(self.grants - self.only(callers).grants)

    def callers(self, callee: str) -> dict[str, tuple[str, ...]]:
        """Who may call the operations of each contract of a service, both in order."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for grant in self.grants:
            if grant.callee == callee and grant.contract:
                found[grant.contract].add(grant.caller)
        return {contract: tuple(sorted(found[contract])) for contract in sorted(found)}

    def visitors(self, callee: str) -> tuple[str, ...]:
        """Who may ask for a service's public routes, beside the gateway, in order."""
        wanted = (callee, "")
        found = {each.caller for each in self.grants if (each.callee, each.contract) == wanted}
        return tuple(sorted(found))

    def callees(self, caller: str) -> tuple[str, ...]:
        """Whom a service may call for anything at all, in order."""
        return tuple(sorted({each.callee for each in self.grants if each.caller == caller}))

    def reason(self, caller: str, callee: str, contract: str = "") -> str | None:
        """The first `path:line` that gives `caller` this right; None: it has it not."""
        wanted = (caller, callee, contract)
        found = (
            each.where
            for each in self.grants
            if (each.caller, each.callee, each.contract) == wanted
        )
        return min(found, default=None)


def policy(system: System) -> Policy:
    """The rights that follow from the code as it is now.

    To import a contract's class gives the right to its operations; to import a value type gives
    none. A literal name as the first argument of `ramet.fetch` gives the right to that service's
    public routes. Only the code of services counts: not tests, and not modules that none owns. The
    code of a program that is not Django is not read; it may do all that the services offer which
    its `calls` name.
    """
    declared = _contracts(system)
    return Policy(
        frozenset(
            grant
            for source in sources(system, _CALLING)
            for grant in (*_of_imports(source, system, declared), *_of_fetches(source, system))
        )
        | frozenset(_of_programs(system, declared))
    )


def _of_programs(system: System, declared: _Declared) -> Iterator[Grant]:
    for service in system.services.values():
        where = f"{system.path.name}, calls of {service.name}"
        for callee in service.calls:
            yield Grant(callee, "", service.name, where)
            for app in system.services[callee].apps:
                for contract in declared.get((app, "*"), ()):
                    yield Grant(callee, contract, service.name, where)


def _of_imports(source: Source, system: System, declared: _Declared) -> Iterator[Grant]:
    for one in imports_of(source, system):
        if one.owner == one.importer:
            continue
        app = system.app_of_module(one.target) or ""
        kind, _, name = one.target.removeprefix(f"{app}.").partition(".")
        if kind == "contract":
            for contract in declared.get((app, name.rpartition(".")[2]), ()):
                yield Grant(one.owner, contract, one.importer, one.where)


def _of_fetches(source: Source, system: System) -> Iterator[Grant]:
    bound = bound_names(source)
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        first, _, rest = (dotted_name(node.func) or "").partition(".")
        called = ".".join(filter(None, (bound.get(first, ""), rest)))
        match node.args[0]:
            case ast.Constant(value=str(service)) if called in _FETCH:
                if service in system.services and service != source.service:
                    where = f"{source.path.relative_to(system.root).as_posix()}:{node.lineno}"
                    yield Grant(service, "", source.service, where)


def _contracts(system: System) -> _Declared:
    """Full names of contracts by app and class; all of an app as "*", as `import *` brings them."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for each in contracts(system):
        found[each.app, each.class_name].append(each.full_name)
        found[each.app, "*"].append(each.full_name)
    return found
