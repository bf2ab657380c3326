"""What every page is given."""

from __future__ import annotations

from dataclasses import dataclass

from ramet.tools.dashboard.control import Control
from ramet.tools.dashboard.declared import Project
from ramet.tools.dashboard.operator import Operator
from ramet.tools.dashboard.rendering import Renderer
from ramet.tools.dashboard.settings import Settings
from ramet.tools.dashboard.store import Store

__all__ = ["Context"]


@dataclass(frozen=True, slots=True)
class Context:
    """One for the life of the process; everything in it may be used from any thread."""

    settings: Settings
    store: Store
    control: Control
    operator: Operator
    project: Project
    renderer: Renderer
