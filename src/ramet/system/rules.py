"""Rules between the values of `ramet.toml` and towards the files that it names."""

import re
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from ramet.errors import Mistake
from ramet.reserved_names import RESERVED_NAMES, RESERVED_PREFIX
from ramet.system.detecting import looks_secret
from ramet.system.document import Document, did_you_mean
from ramet.system.edge_rules import broken_edge_rules
from ramet.system.issuers import issuer_fault
from ramet.system.keys import SERVICE_NAME
from ramet.system.lines import KeyPath
from ramet.system.model import Service, System

__all__ = ["broken_rules"]


def broken_rules(system: System, document: Document) -> Iterator[Mistake]:
    """Every broken rule of a system whose single values have been read already."""
    yield from _settings(system, document)
    for service in system.services.values():
        yield from _name(service.name, ("services", service.name), document)
        yield from _kind(service, document)
        yield from _apps(service, system, document)
        yield from _contract(service, system, document)
        yield from _calls(service, system, document)
    yield from _candidates(system, document)
    yield from _owners(system, document)
    yield from _routes(system, document)
    yield from _issuer(system, document)
    yield from broken_edge_rules(system, document)
    yield from _secrets(document)


def _settings(system: System, document: Document) -> Iterator[Mistake]:
    if system.settings and not _exists(system.settings, system.root):
        yield document.mistake(
            "missing-settings",
            ("system", "settings"),
            found=f'"{system.settings}", but no such module in {system.root.name}/',
            expected="the Django settings module of this project",
            remedy=f"Create {system.settings.replace('.', '/')}.py, or correct the name.",
        )


def _name(name: str, path: KeyPath, document: Document) -> Iterator[Mistake]:
    if not re.fullmatch(SERVICE_NAME, name):
        yield document.mistake(
            "invalid-name",
            path,
            found=f'a service named "{name}"',
            expected="at most 40 lower-case letters, digits and single hyphens, a letter first",
            remedy="Rename the service: it becomes part of host names, database names and roles.",
        )
    elif name in RESERVED_NAMES or name.startswith(RESERVED_PREFIX):
        yield document.mistake(
            "reserved-name",
            path,
            found=f'a service named "{name}"',
            expected=f"a name other than {', '.join(sorted(RESERVED_NAMES))}, "
            f'that does not begin with "{RESERVED_PREFIX}"',
            remedy="Rename the service: Ramet or PostgreSQL means something else by this word.",
        )


def _candidates(system: System, document: Document) -> Iterator[Mistake]:
    """Each has the name of a service that is, or could be; a model has one of them."""
    home: dict[str, str] = {}
    for name, models in system.candidates.items():
        yield from _name(name, ("candidates", name), document)
        for index, model in enumerate(models):
            if home.setdefault(model, name) != name:
                yield document.mistake(
                    "model-owned-twice",
                    ("candidates", name, "models", index),
                    found=f'"{model}" in {name}, which is also in {home[model]}',
                    expected="one candidate for each model",
                    remedy=f"Remove it from {name} or from {home[model]}.",
                )


def _kind(service: Service, document: Document) -> Iterator[Mistake]:
    path = ("services", service.name)
    declared = document.content["services"][service.name]
    if not isinstance(declared, dict):
        return
    if "apps" not in declared and "command" not in declared:
        yield document.mistake(
            "empty-service",
            path,
            found=f"[services.{service.name}] without apps and without command",
            expected="apps of a Django service, or the command of another program",
            remedy=f'Add apps = ["{service.name}"], naming its Django apps.',
        )
    elif "apps" in declared and "command" in declared:
        yield document.mistake(
            "two-kinds-of-service",
            (*path, "command"),
            found=f"[services.{service.name}] with apps and command",
            expected="either apps, or command",
            remedy="Remove command, or move it to a service of its own.",
        )
    elif "apps" in declared and "contract" in declared:
        yield document.mistake(
            "needless-contract",
            (*path, "contract"),
            found=f"[services.{service.name}] with apps and contract",
            expected="contract only beside command",
            remedy="Remove contract: a Django service declares its contracts in contract.py.",
        )


def _apps(service: Service, system: System, document: Document) -> Iterator[Mistake]:
    for app in service.apps:
        if not _exists(app, system.root):
            yield document.mistake(
                "missing-app",
                _item(document, service.name, "apps", app),
                found=f'"{app}", but neither {app.replace(".", "/")}/ '
                f"in {system.root.name}/ nor an installed package",
                expected="an importable Django app",
                remedy=did_you_mean(app, _near_apps(app, system.root))
                or "Create the app, install its package, or correct the name.",
            )


def _contract(service: Service, system: System, document: Document) -> Iterator[Mistake]:
    if service.contract and not service.apps and not (system.root / service.contract).is_file():
        yield document.mistake(
            "missing-contract",
            ("services", service.name, "contract"),
            found=f'"{service.contract}", but no such file in {system.root.name}/',
            expected="an OpenAPI file, relative to ramet.toml",
            remedy="Create the file, or correct the path.",
        )


def _calls(service: Service, system: System, document: Document) -> Iterator[Mistake]:
    if service.calls and service.apps:
        yield document.mistake(
            "needless-calls",
            ("services", service.name, "calls"),
            found=f"[services.{service.name}] with apps and calls",
            expected="calls only beside command",
            remedy="Remove calls: what a Django service calls follows from its imports.",
        )
        return
    others = [name for name in system.services if name != service.name]
    for callee in service.calls:
        if callee not in others:
            yield document.mistake(
                "unknown-callee",
                _item(document, service.name, "calls", callee),
                found=f'"{callee}"',
                expected=f"another service: {', '.join(others)}",
                remedy=did_you_mean(callee, others) or "Correct the name, or remove it.",
            )


def _owners(system: System, document: Document) -> Iterator[Mistake]:
    owner: dict[str, str] = {}
    for service in system.services.values():
        for index, app in enumerate(document.content["services"][service.name].get("apps", ())):
            if app not in service.apps:
                continue  # not a valid name: reported already
            if app in owner:
                other = owner[app]
                yield document.mistake(
                    "app-owned-twice",
                    ("services", service.name, "apps", index),
                    found=f'"{app}" in {service.name}, which is also in {other}'
                    if other != service.name
                    else f'"{app}" twice in {service.name}',
                    expected="one owner for each app",
                    remedy=f"Remove it from {service.name} or from {other}."
                    if other != service.name
                    else "Remove one of the two.",
                )
            owner.setdefault(app, service.name)


def _routes(system: System, document: Document) -> Iterator[Mistake]:
    routes = [(name, route) for name in system.services for route in system.services[name].routes]
    for name, route in routes:
        if route.startswith("/.ramet/"):
            yield document.mistake(
                "reserved-route",
                _item(document, name, "routes", route),
                found=f'"{route}"',
                expected="a path outside /.ramet/",
                remedy="Choose another prefix: services answer each other below /.ramet/.",
            )
    for (one, first), (other, second) in combinations(routes, 2):
        # "/" alone is the catch-all beside more precise routes; the longest prefix wins.
        is_nested = "/" not in (first, second) and (
            first.startswith(second) or second.startswith(first)
        )
        if one != other and (first == second or is_nested):
            yield document.mistake(
                "overlapping-routes",
                _item(document, other, "routes", second),
                found=f'"{second}" of {other} and "{first}" of {one}',
                expected='routes of which none begins with another\'s (except "/", for the rest)',
                remedy=f"Change one of them, or give both to {one} or to {other}.",
            )


def _issuer(system: System, document: Document) -> Iterator[Mistake]:
    issuer = system.gateway.issuer
    if not system.has_foreign_issuer:
        yield from _keys_of_foreign_issuers(document)
    elif issuer is not None and (fault := issuer_fault(issuer)):
        yield document.mistake(
            "unsafe-issuer",
            ("gateway", "issuer"),
            found=f'"{issuer}", {fault}',
            expected="an https URL without query and fragment; http only on this machine",
            remedy="Write the issuer exactly as the provider's discovery document says it.",
        )
    if issuer is not None and "://" not in issuer and issuer not in system.services:
        yield document.mistake(
            "unknown-issuer",
            ("gateway", "issuer"),
            found=f'"{issuer}", which is no service',
            expected=f"one of {', '.join(system.services)}, or the URL of a foreign issuer",
            remedy=did_you_mean(issuer, system.services)
            or f"Declare [services.{issuer}], or name another service.",
        )


def _keys_of_foreign_issuers(document: Document) -> Iterator[Mistake]:
    """Ramet's own provider signs as RFC 9068 says; looser rules there would only be holes."""
    declared = document.content.get("gateway", {})
    for name in ("token_types", "token_algorithm"):
        if isinstance(declared, dict) and name in declared:
            yield document.mistake(
                "needless-token-rule",
                ("gateway", name),
                found=f"{name} without a foreign issuer",
                expected="tokens of the system's own provider, which are at+jwt and RS256",
                remedy=f"Remove {name}, or write the URL of an OpenID provider as issuer.",
            )


def _secrets(document: Document) -> Iterator[Mistake]:
    for path, text in _texts((), document.content):
        if looks_secret(text):
            yield document.mistake(
                "secret-in-file",
                path,
                found=f"a value of {path[-1] if isinstance(path[-1], str) else path[-2]} "
                "that looks like a secret",
                expected="no secrets in a file that is committed",
                remedy='Put it into the environment and write "$NAME" here, or into a file and '
                'write "file:/path"; then replace the secret, if this file was ever shared.',
            )


def _texts(path: KeyPath, value: object) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts((*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts((*path, index), inner)


def _item(document: Document, service: str, key: str, item: str) -> KeyPath:
    items: list[object] = document.content["services"][service][key]
    return ("services", service, key, items.index(item))


def _exists(dotted: str, root: Path) -> bool:
    """Whether a module can be found, without importing anything of the project or of Django."""
    parts = dotted.split(".")
    for folder in (root, *map(Path, sys.path)):
        module = folder.joinpath(*parts)
        if module.is_dir() or module.with_suffix(".py").is_file():
            return True
    return False


def _near_apps(app: str, root: Path) -> list[str]:
    """Packages beside a missing app, to propose one of them."""
    *parents, _ = app.split(".")
    folder = root.joinpath(*parents)
    if not folder.is_dir():
        return []
    packages = [entry.name for entry in folder.iterdir() if (entry / "__init__.py").is_file()]
    return [".".join((*parents, name)) for name in sorted(packages)]
