"""Links the files of a project, each by itself, so that a result can be kept."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ramet.tools.assess.linking.behaviour.file_linker import FileLinker
from ramet.tools.assess.linking.behaviour.found import Found
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.linking.queries.evaluation import Evaluation
from ramet.tools.assess.linking.queries.knowledge import Knowledge
from ramet.tools.assess.linking.queries.owners import ModelFound
from ramet.tools.assess.linking.queries.relations import Relations
from ramet.tools.assess.linking.world import World
from ramet.tools.assess.source.store import key_of
from ramet.tools.assess.source.visiting.operations import Behaviour

__all__ = ["Linker"]

_BEHAVIOUR = msgspec.msgpack.Decoder(Behaviour | None)
_FOUND = msgspec.msgpack.Decoder(ModelFound)


class Linker:
    """Links files of one project, one after the other."""

    def __init__(self, world: World) -> None:
        self._world = world
        known = world.schema.known
        proxies = {
            model.label: model.proxy_of
            for model in known
            if model.proxy_of is not None and model.proxy_of != model.label
        }
        self._knowledge = Knowledge(
            world.names,
            world.classes,
            known,
            Relations(world.schema.relations, proxies, world.names.asked),
            world.settings.values,
        )
        self._evaluation = self._knowledge.evaluation = Evaluation(self._knowledge)
        self._know_owners()
        self._is_started = False

    def link(self, module: Module, behaviour: Behaviour) -> Found:
        """What the file does. It depends on the file and on the outside of others alone."""
        if not self._is_started:
            self._link_middleware()
        return self._link(module, behaviour)

    def _know_owners(self) -> None:
        """Of the last run, where what they follow from is the same."""
        last_run, owners = self._world.last_run, self._knowledge.owners
        models = key_of(msgspec.msgpack.encode(self._world.schema.known))

        def found_of(dotted: str) -> ModelFound:
            kept = last_run.get("owners", dotted, models)
            if kept is not None:
                return _FOUND.decode(kept.found)
            with self._world.names.asked.work() as work:
                found = owners.find_of(dotted)
            last_run.put("owners", dotted, models, msgspec.msgpack.encode(found), work)
            return found

        found = owners.find(found_of)
        owners.know(found)
        if last_run.sees_change:
            last_run.compare_tables(
                [
                    *self._knowledge.labels.facts(),
                    *self._knowledge.relations.facts(),
                    *found.facts(),
                ]
            )

    def _link_middleware(self) -> None:
        """Before the first file: what middleware puts on requests, the others find there."""
        self._is_started = True
        modules = list(_middleware(self._world))
        with self._knowledge.middleware(modules):
            for module in modules:
                behaviour = _BEHAVIOUR.decode(module.extract.behaviour)
                if behaviour is not None:
                    self._link(module, behaviour)

    def _link(self, module: Module, behaviour: Behaviour) -> Found:
        self._knowledge.start_file()
        return FileLinker(self._knowledge, self._evaluation, module, behaviour).link()


def _middleware(world: World) -> Iterator[Module]:
    """The modules of the project's own middleware, each once, in the order in which it is run."""
    seen = set()
    for dotted in world.settings.texts("MIDDLEWARE"):
        symbol = world.names.locate(dotted)
        module = symbol.module if symbol is not None else None
        if module is not None and module.is_own and module.path not in seen:
            seen.add(module.path)
            yield module
