"""What Django's own registry knows, as JSON: the one part of `assess` that runs a project.

The project's own Python runs this file by its path (`evidence.registry`), so it imports nothing of
Ramet, needs no more than Django, and reads on Python 3.8. Its answer goes to a file, since a
project may print as it starts; a project that does not start is an answer too (`error`).
"""

from __future__ import annotations

import argparse
import ast
import gc
import inspect
import json
import os
import runpy
import sys
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Facts = dict[str, Any]


def main() -> None:
    """Start the project as its `manage.py` or its settings do, ask, and write the answer."""
    options = _options()
    sys.path[:0] = [os.path.abspath(each) for each in options.path]
    os.environ.update(each.split("=", 1) for each in options.env)
    answer: Facts
    try:
        answer = _through_manage(options.manage) if options.manage else _through_settings()
    except BaseException as error:  # noqa: BLE001 - a project's start may raise anything, SystemExit too
        answer = {"answer": "failure", "error": _told(error)}
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(answer, file, indent=1, default=str)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    parser.add_argument("--manage")
    parser.add_argument("--path", action="append", default=[], help="to put before sys.path")
    parser.add_argument("--env", action="append", default=[], help="NAME=VALUE, to set before")
    return parser.parse_args()


def _through_settings() -> Facts:
    import django

    django.setup()
    return _asked()


def _through_manage(manage: str) -> Facts:
    """Run `manage.py` up to where it would run a command: what it sets up, is set up here too."""
    import django
    from django.core import management

    found: list[Facts] = []

    def instead(argv: list[str] | None = None, **_: Any) -> None:
        django.setup()
        found.append(_asked())

    management.execute_from_command_line = instead
    sys.argv = [manage, "check"]
    sys.path.insert(0, os.path.dirname(os.path.abspath(manage)))
    runpy.run_path(manage, run_name="__main__")
    return found[0] if found else _through_settings()


def _told(error: BaseException) -> Facts:
    """What went wrong, and the last line of the project's own that was on the way there."""
    if isinstance(error, SystemExit) and error.__context__ is not None:
        error = error.__context__  # many a settings module ends the process for a reason
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if _is_own_code(each.filename)]
    place = (own or list(frames))[-1]
    return {
        "type": type(error).__name__,
        "message": str(error),
        "file": place.filename,
        "line": place.lineno,
        "traceback": "".join(traceback.format_exception(type(error), error, error.__traceback__)),
    }


def _is_own_code(file: str) -> bool:
    is_library = "site-packages" in file or file.startswith((sys.prefix, sys.base_prefix))
    return not (is_library or file == __file__ or file.startswith("<"))


def _asked() -> Facts:
    import django
    from django.apps import apps
    from django.conf import settings

    models = list(apps.get_models(include_auto_created=True, include_swapped=True))
    problems: list[str] = []
    return {
        "answer": "registry",
        "django": django.get_version(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "settings": os.environ.get("DJANGO_SETTINGS_MODULE") or _named(settings),
        "apps": [
            {"label": each.label, "package": each.name, "file": each.path}
            for each in apps.get_app_configs()
        ],
        "models": [_model(each) for each in models],
        "relations": [fact for each in models for fact in _relations(each)],
        "receivers": _tried(problems, "receivers", lambda: list(_receivers(models))),
        "urls": _tried(problems, "urls", lambda: list(_urls())),
        "problems": problems,
    }


def _named(settings: Any) -> str | None:
    """The name that settings give themselves: dynaconf's have a list there."""
    name = getattr(settings, "SETTINGS_MODULE", None)
    return name if isinstance(name, str) else None


def _tried(problems: list[str], what: str, ask: Callable[[], list[Facts]]) -> list[Facts]:
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - importing a URL configuration runs any code
        problems.append(f"{what}: {type(error).__name__}: {error}")
        return []


# Models and relations


def _model(model: Any) -> Facts:
    file, line = _place_of_class(model)
    meta = model._meta
    return {
        "label": meta.label,
        "app": meta.app_label,
        "module": model.__module__,
        "name": model.__qualname__,
        "file": file,
        "line": line,
        "table": None if meta.proxy else meta.db_table,
        "is_proxy": bool(meta.proxy),
        "is_auto": bool(meta.auto_created),
        "is_managed": bool(meta.managed),
        "is_swapped": bool(meta.swapped),
    }


def _relations(model: Any) -> Iterator[Facts]:
    """The relations that `model` has itself: those of concrete parents are told of the parents.

    But Django copies the private fields of a concrete parent (generic relations) into its children
    and proxies; those are told with `is_copied`.
    """
    meta = model._meta
    parents = {field: parent for parent, field in meta.parents.items() if field is not None}
    if meta.proxy:
        file, line = _place_of_class(model)
        target = meta.proxy_for_model._meta.label
        yield _relation("proxy", model, target, "", None, (file, line, None))
    for field in meta.local_fields:
        if field.remote_field is None or not field.is_relation:
            continue
        target = _label(field.remote_field.model)
        kind = "o2o" if field.one_to_one else "fk"
        if field in parents:
            kind, target = "mti_parent", _label(parents[field])
        yield _relation(kind, model, target, field.name, None, _place_of_field(model, field.name))
    for field in meta.local_many_to_many:
        remote = field.remote_field
        through = _label(remote.through) if getattr(remote, "through", None) is not None else None
        place = _place_of_field(model, field.name)
        yield _relation("m2m", model, _label(remote.model), field.name, through, place)
    for field in meta.private_fields:
        yield from _private(model, field)


def _private(model: Any, field: Any) -> Iterator[Facts]:
    if not field.is_relation:
        return
    if getattr(field, "related_model", None) is None:
        kind, target = "gfk", "*"  # a GenericForeignKey, or a project's own kind of one
    elif field.one_to_many:
        kind, target = "generic_relation", _label(field.related_model)
    else:
        kind = "o2o" if field.one_to_one else "m2m" if field.many_to_many else "fk"
        target = _label(field.related_model)
    place = _place_of_field(model, field.name)
    found = _relation(kind, model, target, field.name, None, place)
    found["is_copied"] = bool(getattr(field, "mti_inherited", False) or model._meta.proxy)
    yield found


def _relation(
    kind: str,
    model: Any,
    target: str,
    field: str,
    through: str | None,
    place: tuple[str, int, str | None],
) -> Facts:
    file, line, home = place
    return {
        "kind": kind,
        "source": model._meta.label,
        "target": target,
        "field": field,
        "through": through,
        "file": file,
        "line": line,
        "home": home,
        "is_auto": bool(model._meta.auto_created),
        "is_copied": False,
    }


def _label(model: Any) -> str:
    """`app.Model`; a name that Django could not resolve stays as it is written."""
    return model if isinstance(model, str) else str(model._meta.label)


# Places in source

_CLASSES: dict[str, dict[str, ast.ClassDef]] = {}


def _place_of_class(cls: type) -> tuple[str, int]:
    file = _file(cls)
    found = _classes(file).get(cls.__qualname__)
    return file, found.lineno if found else 0


def _place_of_field(model: Any, name: str) -> tuple[str, int, str | None]:
    """Where the field is assigned, in the model or a base; the class where no line tells.

    A foreign key's column may be made by a metaclass or `add_to_class`: then no body has it.
    """
    for cls in model.__mro__:
        found = _classes(_file(cls)).get(cls.__qualname__)
        line = _line_of_name(found.body, name) if found else None
        if line is not None:
            return _file(cls), line, f"{cls.__module__}.{cls.__qualname__}"
    file, line = _place_of_class(model)
    return file, line, None


def _file(cls: type) -> str:
    """The file of its class statement: a package may rename `__module__` of what it re-exports."""
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None) or ""
    if cls.__qualname__ not in _classes(file):
        for value in vars(cls).values():
            code = getattr(getattr(value, "__func__", value), "__code__", None)
            is_own = getattr(value, "__qualname__", "").startswith(cls.__qualname__ + ".")
            if code is not None and is_own and cls.__qualname__ in _classes(code.co_filename):
                return str(code.co_filename)
        for other in list(sys.modules.values()):
            if getattr(other, "__dict__", {}).get(cls.__name__) is cls:
                elsewhere = getattr(other, "__file__", None) or ""
                if cls.__qualname__ in _classes(elsewhere):
                    return elsewhere
    return file


def _classes(file: str) -> dict[str, ast.ClassDef]:
    """Every class of a file by its qualified name, the last of a name."""
    if file not in _CLASSES:
        found: dict[str, ast.ClassDef] = {}
        _CLASSES[file] = found
        if file.endswith(".py"):
            try:
                with open(file, "rb") as source:
                    _collect(ast.parse(source.read()), "", found)
            except (OSError, SyntaxError, ValueError):
                pass
    return _CLASSES[file]


def _collect(node: ast.AST, prefix: str, found: dict[str, ast.ClassDef]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            found[prefix + child.name] = child
            _collect(child, prefix + child.name + ".", found)
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            _collect(child, prefix + child.name + ".<locals>.", found)
        else:
            _collect(child, prefix, found)


def _line_of_name(body: list[ast.stmt], name: str) -> int | None:
    line = None
    for statement in body:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        if any(isinstance(each, ast.Name) and each.id == name for each in targets):
            line = statement.lineno
        for part in ("body", "orelse", "finalbody"):  # a field behind `if` is one all the same
            inner = getattr(statement, part, None)
            if isinstance(statement, (ast.If, ast.Try, ast.With)) and inner:
                line = _line_of_name(inner, name) or line
    return line


# Receivers


def _receivers(models: list[Any]) -> Iterator[Facts]:
    from django.dispatch import Signal

    senders = {id(each): each._meta.label for each in models}
    # By type alone: isinstance() would wake the lazy objects of a project.
    signals = [each for each in gc.get_objects() if issubclass(type(each), Signal)]
    names = _names_of(signals)
    for signal in signals:
        for entry in signal.receivers:
            key, reference = entry[0], entry[1]
            receiver = reference() if _is_weak(reference) else reference
            if receiver is None:
                continue
            yield {
                "signal": names.get(id(signal), "?"),
                "sender": senders.get(key[1]),
                **_callable(receiver),
            }


def _is_weak(reference: Any) -> bool:
    import weakref

    return isinstance(reference, weakref.ReferenceType)


def _names_of(signals: list[Any]) -> dict[int, str]:
    """The dotted name of each signal; that of a module of signals, or the shortest, of many."""
    wanted = {id(each) for each in signals}
    found: dict[int, str] = {}
    for module_name, module in list(sys.modules.items()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if id(value) not in wanted:
                continue
            dotted = f"{module_name}.{name}"
            best = found.get(id(value))
            if best is None or _signal_rank(dotted) < _signal_rank(best):
                found[id(value)] = dotted
    return found


def _signal_rank(dotted: str) -> tuple[bool, int, str]:
    return ("signal" not in dotted.rpartition(".")[0], len(dotted), dotted)


def _callable(target: Any) -> Facts:
    target = inspect.unwrap(getattr(target, "__func__", target))
    target = getattr(target, "func", target)  # functools.partial
    code = getattr(target, "__code__", None)
    cls = target if isinstance(target, type) else type(target)
    file, line = (code.co_filename, code.co_firstlineno) if code else _place_of_class(cls)
    named = target if hasattr(target, "__qualname__") else cls
    name = f"{getattr(named, '__module__', '?')}.{named.__qualname__}"
    return {"name": name, "file": file, "line": line}


# URLs


def _urls() -> Iterator[Facts]:
    from django.urls import get_resolver

    yield from _below(get_resolver().url_patterns, "", "")


def _below(patterns: Any, path: str, namespace: str) -> Iterator[Facts]:
    for each in patterns:
        route = path + str(each.pattern)
        inner = getattr(each, "url_patterns", None)
        if inner is not None:
            below = getattr(each, "namespace", None)
            yield from _below(inner, route, f"{namespace}{below}:" if below else namespace)
            continue
        view = each.callback
        target = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
        name = f"{namespace}{each.name}" if each.name else None
        yield {"route": route, "url_name": name, **_callable(target)}


if __name__ == "__main__":
    main()
