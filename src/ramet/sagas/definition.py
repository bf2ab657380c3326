"""The class that an author writes; its definition is checked when it is imported."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform
from uuid import UUID

from ramet.errors import DiagnosticError, Mistake
from ramet.sagas import checking, checking_waits, registry
from ramet.sagas.failure import Failure
from ramet.sagas.state import State
from ramet.sagas.steps import Step

__all__ = ["Definition", "Saga"]

Answer = TypeVar("Answer")


@dataclasses.dataclass(frozen=True, slots=True)
class Definition:
    """What is known about one version of a saga."""

    name: str
    version: int
    saga: type[Saga]
    steps: tuple[Step, ...]
    state: State
    key: str | None

    @property
    def pivot(self) -> int | None:
        """The position of the pivot among `steps`."""
        return next((place for place, step in enumerate(self.steps) if step.pivot), None)

    def place_of(self, name: str) -> int | None:
        """The position of the step of that name."""
        return next((place for place, step in enumerate(self.steps) if step.name == name), None)


@dataclass_transform(
    kw_only_default=True, eq_default=False, field_specifiers=(dataclasses.field, dataclasses.Field)
)
class Saga:
    """A long transaction: its annotated fields are stored between steps, its steps run in order.

        class PlaceOrder(ramet.Saga, version=1, key="order_id"):
            order_id: UUID
            total: Money | None = None

            @ramet.step(undo="release")
            def reserve(self) -> None: ...
            def release(self) -> None: ...

    Class arguments: `version`, raised whenever steps or fields change in a way that a running saga
    would not understand (keep the old class, with its `name`, until its runs are finished; see
    docs/how-to/write-a-saga.md);
    `name`, unless the class name is meant; `key`, the field by which runs are found;
    `abstract=True` for a base class that is no saga itself.

    Mistakes in the definition raise DiagnosticError when the class is created.
    """

    __ramet_saga__: ClassVar[Definition]
    __ramet_fields__: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(
        cls,
        *,
        version: int | None = None,
        name: str | None = None,
        key: str | None = None,
        abstract: bool = False,
    ) -> None:
        super().__init_subclass__()
        where = f"{cls.__module__}.{cls.__qualname__}"
        mistakes: list[Mistake] = []
        try:
            dataclasses.dataclass(kw_only=True, eq=False)(cls)
        except (TypeError, ValueError) as error:  # a mutable default, for example
            raise DiagnosticError(checking.field_default(where, error)) from error
        cls.__ramet_fields__ = frozenset(f.name for f in dataclasses.fields(cls))  # type: ignore[arg-type]
        if abstract:
            return
        state, wrong = State.of(cls)
        mistakes += wrong
        steps, wrong = checking.steps_of(cls, where)
        mistakes += wrong
        mistakes += checking.header(where, version, key, cls.__ramet_fields__)
        mistakes += checking_waits.without_key(where, key, steps)
        if mistakes or version is None:
            raise DiagnosticError(*mistakes)
        full_name = registry.full_name(cls.__module__, name or cls.__name__)
        cls.__ramet_saga__ = Definition(full_name, version, cls, steps, state, key)
        registry.register(cls.__ramet_saga__)

    @classmethod
    def start(cls, **state: Any) -> UUID:
        """Start a run with these fields in the caller's transaction; it begins after the commit.

        Returns the id of the run. Raises RuntimeError outside `transaction.atomic()`, because what
        the caller saves and the saga must come into being together, and TypeError for unknown,
        missing or mistyped fields.
        """
        from ramet.sagas.starting import start

        return start(cls, state)

    @classmethod
    def reply(cls, key: object, step: Callable[[Any, Answer | None], None], answer: Answer) -> bool:
        """Bring the waiting `step` of the run with this key what it waits for.

            PlaceOrder.reply(event.order_id, PlaceOrder.answered, Answer(...))

        Part of the caller's transaction, and locks the run until that ends: RuntimeError outside
        `transaction.atomic()`. A reply that comes before the run has come to the step is kept for
        it. The first one counts. False: it is ignored, because there is no such run, another one
        came first, or the time was over; that is in the run's journal, and in the log. If several
        runs with this key have not ended, it goes to each. TypeError for an answer of another type,
        or for what is no step of this saga that waits for a reply.
        """
        from ramet.sagas.waiting import reply

        return reply(cls, key, getattr(step, "__name__", ""), answer)

    @property
    def failure(self) -> Failure | None:
        """Why the saga turned back; None on the way forward."""
        return self._run.failure

    @property
    def run_id(self) -> UUID:
        """The id of this run. RuntimeError in an instance that was made by hand, as tests do."""
        if self._run.id is None:
            raise RuntimeError(
                f"This {type(self).__name__} is not running: start() was not called."
            )
        return self._run.id

    @property
    def _run(self) -> _Run:
        run: _Run = self.__dict__.get("_Saga__run", _NO_RUN)
        return run

    def _attach(self, run_id: UUID | None, failure: Failure | None) -> None:
        self.__dict__["_Saga__run"] = _Run(run_id, failure)

    if not TYPE_CHECKING:  # type checkers would take any attribute as declared

        def __setattr__(self, name: str, value: object) -> None:
            if name not in self.__ramet_fields__:
                known = ", ".join(sorted(self.__ramet_fields__)) or "none"
                raise AttributeError(
                    f"{type(self).__name__} declares no field {name!r}, so its value would be lost"
                    f" between steps. Declared: {known}. Add an annotation to the class."
                )
            super().__setattr__(name, value)


@dataclasses.dataclass(frozen=True, slots=True)
class _Run:
    id: UUID | None
    failure: Failure | None


_NO_RUN = _Run(None, None)


def restore(
    definition: Definition, stored: Mapping[str, Any], run_id: UUID, failure: Failure | None
) -> Saga:
    """The saga as it was when `stored` was written."""
    saga = definition.saga(**definition.state.decode(stored))
    saga._attach(run_id, failure)
    return saga
