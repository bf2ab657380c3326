"""The gateway and the mesh: a declared system turned into the configuration of Envoy.

`compile` is pure; `write` puts the result where a running Envoy picks it up. The values that
protect a service (path hygiene, limits, timeouts) have one home each: `hygiene`, `limits`. `edge`
begins what faces the outside, `listeners` what services say to each other.
"""

from ramet.tools.gateway.compiling import compile
from ramet.tools.gateway.edge_certificate import require_usable
from ramet.tools.gateway.engine import command, refused, standalone
from ramet.tools.gateway.files import write
from ramet.tools.gateway.topology import Topology

__all__ = [
    "Topology",
    "command",
    "compile",
    "refused",
    "require_usable",
    "standalone",
    "write",
]
