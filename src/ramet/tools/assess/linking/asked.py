"""What is asked for while something is worked out: as long as that stays, so does the result.

What linking knows follows from facts: what a file binds to a name (`visible`), which files have a
module's name, what a model's relation is called. Whoever reads one notes it, also where there was
none: a name that appears is a change as well. What is worked out once and given to many is a `Work`
of its own, so that whoever is given it depends on all that it was made of.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable
from types import TracebackType
from typing import TypeVar
from zlib import crc32

__all__ = ["Answers", "Asked", "Work", "digest"]

_Key = TypeVar("_Key", bound=Hashable)
_Answer = TypeVar("_Answer")

Fact = tuple[str, str]
"""Where it is known from, a file's path or the name of a table, and what it is called there."""


def digest(fact: Fact) -> int:
    """Four bytes for a fact: two with the same are taken for one, and cost a file linked again."""
    return crc32("\0".join(fact).encode(errors="surrogateescape"))


class Work:
    """Something that is worked out. Until its end, what is asked for is written down for it."""

    __slots__ = ("_around", "_asked", "of")

    def __init__(self, asked: Asked) -> None:
        self.of: set[Fact | Work] | tuple[Fact | Work, ...] = ()
        self._asked = asked

    def __enter__(self) -> Work:
        self._around = self._asked.now
        self.of = self._asked.now = set()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.of = tuple(self.of)  # a third of the memory
        self._asked.now = self._around
        self._around.add(self)


Answers = dict[_Key, tuple[_Answer, Work]]
"""What was worked out once, by what was wanted: it, and its work."""


class Asked:
    """Who asks for what. `now` gathers it for the work that is being done."""

    def __init__(self) -> None:
        self.now: set[Fact | Work] = set()
        self._digests: dict[Fact, int] = {}

    def note(self, where: str, name: str) -> None:
        """The work that is being done has asked for a fact."""
        self.now.add((where, name))

    def work(self) -> Work:
        """Something to be worked out, as a context."""
        return Work(self)

    def once(
        self,
        answers: Answers[_Key, _Answer],
        wanted: _Key,
        meanwhile: _Answer,
        work_out: Callable[..., _Answer],
        *given: object,
    ) -> _Answer:
        """The answer to what is wanted, worked out of what is given where it is not there yet.

        Until it is, for answers that ask for each other, it is `meanwhile`.
        """
        known = answers.get(wanted)
        if known is not None:
            self.now.add(known[1])
            return known[0]
        with Work(self) as work:
            answers[wanted] = meanwhile, work
            answer = work_out(*given)
            answers[wanted] = answer, work
        return answer

    def all_of(self, work: Work) -> bytes:
        """The digests of all facts that a work was made of, packed."""
        seen: set[Fact | Work] = {work}
        waiting = [work]
        found: set[int] = set()
        digests = self._digests
        while waiting:
            for each in waiting.pop().of:
                if each in seen:
                    continue
                seen.add(each)
                if isinstance(each, Work):
                    waiting.append(each)
                else:
                    if (known := digests.get(each)) is None:
                        known = digests[each] = digest(each)
                    found.add(known)
        return array("I", sorted(found)).tobytes()
