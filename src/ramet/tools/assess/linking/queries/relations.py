"""Relations by the names under which a model is asked for them.

Django has two names for the way back over a relation: the accessor on a row (`customer.order_set`)
and the one in a lookup (`filter(order__total=…)`), see "Following relationships backward" and
`related_query_name` in Django's documentation of models and queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ramet.tools.assess.linking.asked import Asked, Fact

__all__ = ["Hop", "Relation", "Relations"]


class Relation(NamedTuple):
    """A relation as a model has it, whether it declares it itself or inherits it.

    `related_name` and `related_query_name` are as written, with Django's placeholders replaced,
    None where not given. `target` may be `*`. `declared_by` is the label whose table has the
    column: the parent's for a field inherited from one with its own table.
    """

    source: str
    field: str
    kind: str
    target: str
    related_name: str | None = None
    related_query_name: str | None = None
    through: str | None = None
    declared_by: str = ""


class Hop(NamedTuple):
    """One step over a relation. `writes` is what adding to it writes, for a step to many rows.

    `is_column`: the source's own table has the target's key, so that naming it alone joins nothing.
    """

    source: str
    target: str
    is_many: bool
    writes: str
    is_column: bool = False


# Tables, by what is looked for in them; and proxies with the models whose rows they show.
ACCESSOR, LOOKUP, PROXY = "accessor", "lookup", "proxy"

# What may follow a relation in a lookup and needs its key alone.
_KEYS = frozenset(("pk", "id", "exact", "in", "isnull"))


class Relations:
    """All relations of a project, by model and name."""

    def __init__(
        self, relations: Iterable[Relation], concrete: Mapping[str, str], asked: Asked
    ) -> None:
        """`concrete` maps a proxy's label to that of the model whose rows it shows."""
        self._asked = asked
        self._tables: dict[str, dict[str, dict[str, Hop]]] = {ACCESSOR: {}, LOOKUP: {}}
        self._concrete = concrete
        for relation in relations:
            self._add(relation)

    def accessor(self, label: str, name: str) -> Hop | None:
        """The step that `row.name` takes, for a row of the model `label`."""
        return self._find(ACCESSOR, label, name)

    def lookup(self, label: str, name: str) -> Hop | None:
        """The step that `name` takes within a lookup on the model `label`."""
        return self._find(LOOKUP, label, name)

    def path(self, label: str, path: str) -> list[Hop]:
        """The steps of a lookup `a__b__c`, as far as they go over relations."""
        return self._follow(LOOKUP, label, path.split("__"))

    def joins(self, label: str, path: str) -> list[Hop]:
        """The steps of a lookup for which Django joins a table.

        It trims a last one whose key is in a column at hand: `customer`, `customer__pk`.
        """
        parts = path.split("__")
        hops = self._follow(LOOKUP, label, parts)
        if hops and hops[-1].is_column and _KEYS.issuperset(parts[len(hops) :]):
            hops.pop()
        return hops

    def accessors(self, label: str, path: str, separator: str = "__") -> list[Hop]:
        """The same for accessors: `prefetch_related("a__b")`, a serializer's `source="a.b"`."""
        return self._follow(ACCESSOR, label, path.split(separator))

    def facts(self) -> Iterator[tuple[Fact, object]]:
        """All that can be asked for, with what is answered."""
        for label, concrete in self._concrete.items():
            yield (PROXY, label), concrete
        for table, labels in self._tables.items():
            for label, hops in labels.items():
                for name, hop in hops.items():
                    yield (table, f"{label}.{name}"), hop

    def _find(self, table: str, label: str, name: str) -> Hop | None:
        self._asked.note(table, f"{label}.{name}")
        hop = self._tables[table].get(label, {}).get(name)
        if hop is not None:
            return hop
        self._asked.note(PROXY, label)
        concrete = self._concrete.get(label)
        return self._find(table, concrete, name) if concrete is not None else None

    def _follow(self, table: str, label: str, parts: Iterable[str]) -> list[Hop]:
        hops = []
        for part in parts:
            hop = self._find(table, label, part)
            if hop is None:
                break
            hops.append(hop)
            label = hop.target
        return hops

    def _add(self, relation: Relation) -> None:
        source, target, kind = relation.source, relation.target, relation.kind
        if target == "*" or kind == "proxy":
            return
        is_many = kind in ("m2m", "generic_relation")
        table = relation.through if kind == "m2m" and relation.through else source
        writes = target if kind == "generic_relation" else table
        there = Hop(source, target, is_many, writes, is_column=not is_many)
        self._put(ACCESSOR, source, relation.field, there)
        self._put(LOOKUP, source, relation.field, there)
        if kind == "generic_relation":
            if relation.related_query_name:
                back = Hop(target, source, True, source)
                self._put(LOOKUP, target, relation.related_query_name, back)
            return
        if relation.declared_by and relation.declared_by != source:
            return  # the way back leads to the model that declares it
        name = relation.related_name
        if name is not None and name.endswith("+"):
            return
        if kind == "m2m" and source == target and name is None:
            return  # symmetrical, unless told otherwise
        is_one = kind in ("o2o", "mti_parent")
        model = source.rpartition(".")[2].lower()
        back = Hop(target, source, not is_one, table)
        self._put(ACCESSOR, target, name or (model if is_one else f"{model}_set"), back)
        self._put(LOOKUP, target, relation.related_query_name or name or model, back)

    def _put(self, table: str, label: str, name: str, hop: Hop) -> None:
        # Django reports two relations with one name as an error, so the first may stay.
        self._tables[table].setdefault(label, {}).setdefault(name, hop)
