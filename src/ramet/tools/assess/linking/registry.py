"""The models of a project by their labels, as Django's registry would have them."""

from __future__ import annotations

from ramet.tools.assess.linking.entries import FieldEntry, InFile, ModelEntry

__all__ = ["Registry"]


class Registry:
    """`models` are concrete ones and proxies by label, own ones and those that they point to.

    `made` are places of classes of which a metaclass makes proxies as they are met: no part of any
    table.
    """

    def __init__(self) -> None:
        self.models: dict[str, ModelEntry] = {}
        self.made: list[tuple[str, int]] = []
        self._lower: dict[str, str] = {}

    def register(self, path: str, found: InFile) -> None:
        """Add the models of a file. Of several with one label, the unconditional one stays."""
        self.made += ((path, line) for line in found.made)
        for model in found.models:
            self.add(model)

    def add(self, model: ModelEntry) -> None:
        """Add one, or keep the one that Django would have met first."""
        there = self.models.get(model.label)
        if there is None or not _goes_before(there, model):
            self.models[model.label] = model
            self._lower[model.label.lower()] = model.label

    def paths(self) -> set[str]:
        """The files in which any of it has a line."""
        paths = {path for path, _ in self.made}
        for model in self.models.values():
            paths.add(model.path)
            paths.update(field.path for field in model.fields.values())
        return paths

    def canonical(self, label: str) -> str:
        """A label as its model's class spells it: Django does not mind the case of the name."""
        return self._lower.get(label.lower(), label)

    def target(self, field: FieldEntry, model: ModelEntry) -> str | None:
        """The label that a field of a model leads to, `*` for any model, None if not known."""
        if field.is_tags and field.through is not None:
            through = self.models.get(self.label(field.through, model) or "")
            tag = through.fields.get("tag") if through is not None else None
            if through is not None and tag is not None:
                return self.label(tag.target, through)
        return self.label(field.target, model)

    def label(self, written: str | None, model: ModelEntry) -> str | None:
        """That of `app.Model`, of `Model` in the model's own app, or of `self`."""
        if written == "self":
            return model.label
        if written is None or written == "*":
            return written
        return self.canonical(written if "." in written else f"{model.app}.{written}")


def _goes_before(there: ModelEntry, model: ModelEntry) -> bool:
    """Of two with one label: that of the project, in `models`, unconditional, the first."""

    def rank(one: ModelEntry) -> tuple[bool, bool, bool]:
        return one.is_own, one.is_of_models, not one.is_conditional

    return rank(there) >= rank(model)
