"""One file's behaviour -> what it does with models, in the shape that is cached (`found`)."""

from __future__ import annotations

from typing import Any

from ramet.tools.assess.linking.behaviour import decorators
from ramet.tools.assess.linking.behaviour.class_facts import ClassFacts
from ramet.tools.assess.linking.behaviour.found import (
    Found,
    FoundFunction,
    FoundGap,
    FoundImport,
)
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.linking.queries.evaluation import Evaluation
from ramet.tools.assess.linking.queries.knowledge import Knowledge
from ramet.tools.assess.linking.queries.running import Definition, Names, Running
from ramet.tools.assess.linking.queries.site import Passed, Site
from ramet.tools.assess.linking.queries.values import (
    ClassRef,
    External,
    InstanceOf,
    ModelClass,
    ModelInstance,
    Records,
    Request,
    Text,
    Value,
)
from ramet.tools.assess.source.visiting.operations import CLASS, FUNCTION, Behaviour, Scope

__all__ = ["FileLinker"]

_ROUNDS = 3


class FileLinker:
    """One file on its way to what is found in it."""

    def __init__(
        self,
        knowledge: Knowledge,
        evaluation: Evaluation,
        module: Module,
        behaviour: Behaviour,
    ) -> None:
        self._knowledge = knowledge
        self._evaluation = evaluation
        self._module = module
        self._scopes = behaviour.scopes
        self._imports = behaviour.imports
        self._found = Found([], [], [], [], [], [], "", [], [], [], [])
        self._runs: dict[int, Running] = {}
        self._definitions: dict[int, Definition] = {}
        self._hints: dict[str, dict[str, Value]] = {}
        self._passed: Passed = {}
        self._inferred: dict[str, Names] = {}
        self._functions: dict[int, FoundFunction] = {}
        self._gaps_of: dict[int, list[FoundGap]] = {}
        self._class_facts = ClassFacts(knowledge, evaluation, module)
        self._is_command = ".management.commands." in f".{module.name}."

    def link(self) -> Found:
        for index, scope in enumerate(self._scopes):
            if scope.kind == FUNCTION:
                self._run_function(index, scope)
            elif scope.kind == CLASS:
                self._run_class(index, scope)
            else:
                self._run_module(scope)
        self._run_again()
        found = self._found
        found.edges = list(dict.fromkeys(found.edges))
        found.uses = list(dict.fromkeys(found.uses))
        if self._module.is_migration:  # its dependencies say so already
            found.uses = [use for use in found.uses if use.kind != "setting"]
        found.patterns = list(dict.fromkeys(found.patterns))
        found.gaps = list(dict.fromkeys(found.gaps))
        found.receivers = list(dict.fromkeys(found.receivers))
        found.imports = self._absolute_imports()
        return found

    def _absolute_imports(self) -> list[FoundImport]:
        absolute = self._knowledge.absolute
        return [
            (line, absolute(self._module, name), names, flags)
            for line, name, names, flags in self._imports
        ]

    def _dotted(self, index: int) -> str:
        name = self._scopes[index].name
        return f"{self._module.name}.{name}" if name else self._module.name

    def _outer(self, scope: Scope) -> list[Names]:
        """The names of the functions around a scope, the nearest first, then the module's."""
        if scope.parent < 0:
            return []
        outer = []
        parent = scope.parent
        while parent > 0:
            if self._scopes[parent].kind == FUNCTION and parent in self._runs:
                outer.append(self._runs[parent].names)
            parent = self._scopes[parent].parent
        outer.append(self._runs[0].names)
        return outer

    def _run(
        self, index: int, scope: Scope, site: Site, names: Names, inside: str | None = None
    ) -> Running:
        running = Running(self._evaluation, site, self._module, names, self._outer(scope), inside)
        running.run(scope.operations)
        self._runs[index] = running
        for definition in running.definitions:
            if definition.index not in self._definitions:
                self._definitions[definition.index] = definition
                dotted = self._dotted(definition.index)
                for label in decorators.read(
                    self._evaluation, site, self._found, definition, dotted
                ):
                    self._hint(dotted, label)
        return running

    def _run_module(self, scope: Scope) -> None:
        site = Site(self._found, self._module.name, "module", 0)
        running = self._run(0, scope, site, {})
        name = running.names.get("app_name")
        if isinstance(name, Text):
            self._found.url_namespace = name.text
        for receiver in self._found.receivers:
            self._hint(receiver.function, receiver.sender)
        if site.has_facts:
            self._found.functions.append(site.function)

    def _hint(self, function: str, label: str) -> None:
        if label:
            self._hints[function] = {
                "instance": ModelInstance(label),
                "sender": ModelClass(label),
            }

    def _run_class(self, index: int, scope: Scope) -> None:
        dotted = self._dotted(index)
        site = Site(self._found, dotted, "class", scope.line)
        site.label = self._knowledge.labels.of_class(dotted) or ""
        self._knowledge.class_named(self._module, scope.name)
        running = self._run(index, scope, site, {})
        self._class_facts.finish(site, dotted, running)
        if self._is_task_class(dotted):
            self._found.tasks.append(f"{dotted}.run")
        if site.has_facts:
            self._found.functions.append(site.function)

    def _is_task_class(self, dotted: str) -> bool:
        return self._evaluation.frameworks.role(dotted) == "task" and any(
            map(decorators.is_task_package, self._knowledge.externals(dotted))
        )

    # Functions

    def _run_again(self) -> None:
        """Run functions once more that others of the file call with models, and say no types."""
        for _ in range(_ROUNDS):
            again = []
            for index, scope in enumerate(self._scopes):
                if scope.kind == FUNCTION and self._learn(index, scope):
                    again.append(index)
            for index in again:
                self._forget_calls(self._dotted(index))
                self._run_function(index, self._scopes[index])
            if not again:
                break
        self._found.functions += self._functions.values()
        for gaps in self._gaps_of.values():
            self._found.gaps += gaps

    def _forget_calls(self, caller: str) -> None:
        for told in self._passed.values():
            for callers in told.values():
                callers.pop(caller, None)

    def _learn(self, index: int, scope: Scope) -> bool:
        """Whether calls tell of a parameter what nothing else does, and all of them the same, or
        its use does."""
        dotted = self._dotted(index)
        passed = self._passed.get(dotted, {})
        inferred = self._inferred.get(dotted, {})
        if not passed and not inferred:
            return False
        hints = self._hints.setdefault(dotted, {})
        is_new = False
        for at, (name, told) in enumerate(_pairs(scope.parameters)):
            callers = (*passed.get(at, {}).values(), *passed.get(name, {}).values())
            values = {inferred[name]} if name in inferred else set().union(*callers)
            if told is not None or name in hints or len(values) != 1:
                continue
            (value,) = values
            if isinstance(value, ModelInstance | ModelClass | Records | InstanceOf):
                hints[name] = value
                is_new = True
        return is_new

    def _run_function(self, index: int, scope: Scope) -> None:
        dotted = self._dotted(index)
        definition = self._definitions.get(index)
        parent = self._scopes[scope.parent]
        owner_class = self._dotted(scope.parent) if parent.kind == CLASS else None
        site = Site(self._found, dotted, "function", scope.line, self._passed)
        gaps = len(self._found.gaps)
        site.function.kind = self._kind(dotted, scope, owner_class)
        method = scope.name.rpartition(".")[2]
        if decorators.is_atomic(definition) or decorators.is_atomic_method(
            self._definitions.get(scope.parent), method
        ):
            site.open_transaction(scope.line)
        site.function.is_non_atomic = decorators.is_non_atomic(definition)
        owners: list[Value] = [None]
        if owner_class is not None and not decorators.is_static(definition):
            owners = self._knowledge.owners.of(owner_class)
        for owner in owners:
            site.label = owner.label if isinstance(owner, ModelInstance) else ""
            names = self._parameters(scope, dotted, owner_class, owner, definition)
            run = Running(
                self._evaluation, site, self._module, names, self._outer(scope), owner_class
            )
            for name, told in _pairs(scope.parameters):
                if told is not None and names.get(name) is None:
                    names[name] = run.annotated(told)
            run = self._run(index, scope, site, names, owner_class)
            for name, value in run.inferred.items():
                self._inferred.setdefault(dotted, {})[name] = value
        self._gaps_of[index] = self._found.gaps[gaps:]
        del self._found.gaps[gaps:]
        function = site.function
        if len(owners) == 1 and isinstance(owners[0], ModelInstance | Records):
            function.model = owners[0].label
        elif len(owners) > 1:
            _forget_self(function, owners)
        function.calls = list(dict.fromkeys(function.calls))
        self._functions[index] = function

    def _parameters(
        self,
        scope: Scope,
        dotted: str,
        owner_class: str | None,
        owner: Value,
        definition: Definition | None,
    ) -> Names:
        names: Names = {}
        hints = self._hints.get(dotted, {})
        known = self._known_parameters(owner_class) if owner_class is not None else {}
        for at, (name, _) in enumerate(_pairs(scope.parameters)):
            if at == 0 and owner is not None:
                names[name] = _class_value(owner) if decorators.is_of_class(definition) else owner
            elif name in hints:
                names[name] = hints[name]
            elif name in known:
                names[name] = known[name]
            elif name == "request":
                names[name] = Request()
            elif self._module.is_migration and at == 0 and name == "apps":
                names[name] = External("django.apps.apps")
            else:
                names[name] = None
        return names

    def _known_parameters(self, dotted: str) -> dict[str, Value]:
        """What Django and REST framework pass to methods of their classes under these names."""
        frameworks = self._evaluation.frameworks
        role = frameworks.role(dotted)
        known: dict[str, Value] = {}
        if role == "view":
            for name, attribute in (("form", "form_class"), ("serializer", "serializer_class")):
                named = self._knowledge.member(dotted, attribute)
                if isinstance(named, ClassRef):
                    known[name] = InstanceOf(named.dotted)
        elif role in ("admin", "serializer", "form", "filters"):
            subject = frameworks.subject(dotted)
            if subject is not None:
                row = ModelInstance(subject)
                known = {"instance": row, "queryset": Records(subject)}
                if role in ("admin", "serializer"):
                    known["obj"] = row
        return known

    def _kind(self, dotted: str, scope: Scope, owner_class: str | None) -> Any:
        if dotted in self._found.tasks:
            return "task"
        if any(receiver.function == dotted for receiver in self._found.receivers):
            return "receiver"
        if self._module.is_migration:
            return "migration"
        if self._is_command:
            return "command"
        if owner_class is not None:
            return "view" if self._evaluation.frameworks.role(owner_class) == "view" else "function"
        return "view" if scope.parameters[:1] == ["request"] else "function"


def _pairs(parameters: list[Any]) -> list[tuple[str, Any]]:
    return list(zip(parameters[::2], parameters[1::2], strict=True))


def _forget_self(function: FoundFunction, owners: list[Value]) -> None:
    """A method of many models reads and writes none of them more than another: its caller does."""
    labels = {owner.label for owner in owners if isinstance(owner, ModelInstance | Records)}
    function.writes = [write for write in function.writes if write.model not in labels]
    for label in labels:
        function.reads.pop(label, None)


def _class_value(owner: Value) -> Value:
    if isinstance(owner, ModelInstance):
        return ModelClass(owner.label)
    return ClassRef(owner.dotted) if isinstance(owner, InstanceOf) else owner
