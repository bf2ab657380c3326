"""Decorators that say what a function is: a receiver, a task, a transaction, an admin."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.tools.assess.linking.behaviour.found import Found
from ramet.tools.assess.linking.queries.evaluation import Evaluation
from ramet.tools.assess.linking.queries.running import Definition, is_transaction
from ramet.tools.assess.linking.queries.site import Site
from ramet.tools.assess.linking.queries.values import (
    Bound,
    External,
    ExternalCall,
    Listing,
    ModelClass,
    Text,
    Value,
)

__all__ = [
    "is_atomic",
    "is_atomic_method",
    "is_non_atomic",
    "is_of_class",
    "is_static",
    "is_task_package",
    "read",
]

_TASKS = frozenset(("shared_task", "task", "periodic_task", "actor", "db_task", "job"))
_TASK_PACKAGES = frozenset(
    (
        "celery",
        "django_q",
        "django_rq",
        "django_tasks",
        "djcelery",
        "dramatiq",
        "huey",
        "procrastinate",
        "rq",
    )
)
_VERBS = frozenset(("get", "post", "put", "patch", "delete"))


def read(
    evaluation: Evaluation, site: Site, found: Found, definition: Definition, dotted: str
) -> Iterator[str]:
    """Write down what a function's or class's decorators mean; the labels of senders it hears."""
    for decorator in definition.decorators:
        if not isinstance(decorator, External | ExternalCall | Bound):
            continue
        name = (
            decorator.name if isinstance(decorator, Bound) else decorator.dotted.rpartition(".")[2]
        )
        if name == "receiver" and isinstance(decorator, ExternalCall):
            yield from _received(evaluation, site, definition, decorator, dotted)
        elif name in _TASKS and _is_task(decorator):
            found.tasks.append(dotted)
        elif name == "register" and isinstance(decorator, ExternalCall):
            for model in decorator.arguments:
                if isinstance(model, ModelClass):
                    site.edge("admin", "", model.label, "register", definition.line)
                    evaluation.knowledge.tell_subject(dotted, model.label)


def is_atomic(definition: Definition | None) -> bool:
    """Whether the function is run in a transaction of its own."""
    return definition is not None and any(map(_makes_atomic, definition.decorators))


def is_atomic_method(definition: Definition | None, method: str) -> bool:
    """Whether `@method_decorator(transaction.atomic, name=…)` of a class is about a method."""
    for decorator in definition.decorators if definition is not None else ():
        if isinstance(decorator, ExternalCall) and _makes_atomic(decorator):
            named = decorator.keyword("name")
            name = named.text if isinstance(named, Text) else ""
            if name == method or (name == "dispatch" and method in _VERBS):
                return True
    return False


def is_non_atomic(definition: Definition | None) -> bool:
    """Whether `@transaction.non_atomic_requests` leaves a view out of ATOMIC_REQUESTS."""
    return definition is not None and any(
        isinstance(inner, External | ExternalCall) and inner.dotted.endswith("non_atomic_requests")
        for decorator in definition.decorators
        for inner in (decorator, *getattr(decorator, "arguments", ()))
    )


def is_static(definition: Definition | None) -> bool:
    """Whether the method has no `self`."""
    return definition is not None and "staticmethod" in definition.written


def is_of_class(definition: Definition | None) -> bool:
    """Whether the method's `self` is the class."""
    return definition is not None and "classmethod" in definition.written


def is_task_package(dotted: str) -> bool:
    """Whether a name is that of a package that runs tasks."""
    return dotted.partition(".")[0] in _TASK_PACKAGES or dotted.startswith("django.tasks.")


def _makes_atomic(value: Value) -> bool:
    if is_transaction(value):
        return True
    if isinstance(value, ExternalCall) and value.dotted.endswith(".method_decorator"):
        return any(map(is_transaction, value.arguments))
    return False


def _is_task(decorator: External | ExternalCall | Bound) -> bool:
    if isinstance(decorator, Bound):
        owner = decorator.owner
        return isinstance(owner, ExternalCall) and is_task_package(owner.dotted)
    return is_task_package(decorator.dotted)


def _received(
    evaluation: Evaluation,
    site: Site,
    definition: Definition,
    decorator: ExternalCall,
    dotted: str,
) -> Iterator[str]:
    if not decorator.dotted.endswith(("dispatch.receiver", "dispatcher.receiver")):
        return
    signals = decorator.arguments[0] if decorator.arguments else decorator.keyword("signal")
    has_sender = any(name == "sender" for name, _ in decorator.keywords)
    sender = decorator.keyword("sender")
    for signal in signals.items if isinstance(signals, Listing) else (signals,):
        name = _signal_name(signal)
        if name is None:
            site.gap("signal-unknown", "receiver", definition.line)
            continue
        label = evaluation.externals.receive(
            site, name, sender, has_sender, dotted, definition.line
        )
        if label is not None:
            yield label


def _signal_name(signal: Value) -> str | None:
    """The dotted name of a signal, None where the value is not known to be one."""
    if isinstance(signal, External):
        return signal.dotted
    if isinstance(signal, ExternalCall) and signal.where:
        return signal.where
    return None
