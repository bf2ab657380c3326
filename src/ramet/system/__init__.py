"""`ramet.toml` read into a `System`: what everything else asks about services and placement.

Pure Python without Django, so that the command line and every tool can ask without starting a
project.
"""

from ramet.system.edge import Canary, Cors, Gateway, Switches
from ramet.system.faults import Fault
from ramet.system.grouping import Group, placement
from ramet.system.least_privilege import Policy, policy
from ramet.system.model import Infrastructure, Service, System, Telemetry
from ramet.system.reading import find, load
from ramet.system.schema import json_schema
from ramet.system.secrets import secret
from ramet.system.units import Rate

__all__ = [
    "Canary",
    "Cors",
    "Fault",
    "Gateway",
    "Group",
    "Infrastructure",
    "Policy",
    "Rate",
    "Service",
    "Switches",
    "System",
    "Telemetry",
    "find",
    "json_schema",
    "load",
    "placement",
    "policy",
    "secret",
]
