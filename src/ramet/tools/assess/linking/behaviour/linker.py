"""Links the files of a project, each by itself, so that a result can be kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from ramet.tools.assess.linking.behaviour.file_linker import FileLinker
from ramet.tools.assess.linking.behaviour.found import Found
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.linking.queries.evaluation import Evaluation
from ramet.tools.assess.linking.queries.knowledge import Knowledge
from ramet.tools.assess.linking.queries.models import known_models, relations_of
from ramet.tools.assess.linking.world import World
from ramet.tools.assess.source.visiting.operations import Behaviour

__all__ = ["Linker"]

_BEHAVIOUR = msgspec.msgpack.Decoder(Behaviour | None)


class Linker:
    """Links files of one project, one after the other.

    `basis` is a digest of all that a file's result depends on besides the file: the outside of all
    files, and what middleware does to requests.
    """

    def __init__(self, world: World) -> None:
        self._knowledge = Knowledge(
            world.names,
            world.classes,
            known_models(world.registry),
            relations_of(world.registry),
            world.settings.values,
        )
        self._evaluation = self._knowledge.evaluation = Evaluation(self._knowledge)
        self._middleware = list(_middleware(world))
        self._is_started = False
        self.basis = _digest(world, self._middleware)

    def link(self, module: Module, behaviour: Behaviour) -> Found:
        """What the file does. It depends on the file and on the outside of others alone."""
        if not self._is_started:
            self._link_middleware()
        return self._link(module, behaviour)

    def _link_middleware(self) -> None:
        """Before the first file: what middleware puts on requests, the others find there."""
        self._is_started = True
        for module in self._middleware:
            behaviour = _BEHAVIOUR.decode(module.extract.behaviour)
            if behaviour is not None:
                self._link(module, behaviour)
        self._knowledge.end_of_middleware()

    def _link(self, module: Module, behaviour: Behaviour) -> Found:
        self._knowledge.start_file(module.path)
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


def _digest(world: World, modules: Iterable[Module]) -> bytes:
    digest = hashlib.blake2b(world.outside, digest_size=16)
    for module in modules:
        digest.update(world.keys.get(module.path, b""))
    return digest.digest()
