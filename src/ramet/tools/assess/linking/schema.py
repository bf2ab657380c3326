"""What is known of a project's models, all told, in a shape that can be kept.

It follows from the registry, which is made of classes, and these of nearly every file: a run after
which no file looks different needs neither.
"""

import msgspec

from ramet.tools.assess.facts import Edge, Gap, Model
from ramet.tools.assess.linking.queries.owners import KnownModel
from ramet.tools.assess.linking.queries.relations import Relation

__all__ = ["Schema"]


class Schema(msgspec.Struct, array_like=True, gc=False):
    """`models` are those that were read, `known` also those that something leads to.

    `edges` and `gaps` are those of relations, with the lines of the files at `paths`. `user_model`
    is AUTH_USER_MODEL, which may have been guessed.
    """

    models: list[Model]
    known: list[KnownModel]
    relations: list[Relation]
    edges: list[Edge]
    gaps: list[Gap]
    paths: list[str]
    user_model: str | None
