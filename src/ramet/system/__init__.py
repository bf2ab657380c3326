"""`ramet.toml` read into a `System`: what everything else asks about services and placement.

Pure Python without Django, so that the command line and every tool can ask without starting a
project.
"""

from ramet.system.grouping import Group, placement
from ramet.system.model import Gateway, Infrastructure, Service, System
from ramet.system.reading import find, load
from ramet.system.schema import json_schema
from ramet.system.secrets import secret

__all__ = [
    "Gateway",
    "Group",
    "Infrastructure",
    "Service",
    "System",
    "find",
    "json_schema",
    "load",
    "placement",
    "secret",
]
