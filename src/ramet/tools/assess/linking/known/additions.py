"""Functions of packages that give fields to the model that they are called with."""

from __future__ import annotations

__all__ = ["known_additions"]

_ADDITIONS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "actstream.registry.register": (
        ("actor_actions", "generic_relation", "actstream.Action"),
        ("target_actions", "generic_relation", "actstream.Action"),
        ("action_object_actions", "generic_relation", "actstream.Action"),
    ),
}


def known_additions(dotted: str) -> tuple[tuple[str, str, str], ...]:
    """Name, kind and target of each field that a function adds to its first argument."""
    return _ADDITIONS.get(dotted, ())
