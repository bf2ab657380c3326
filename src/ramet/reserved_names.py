"""Words that name something else where a service's name could stand.

Placements, the engines that `ramet status` lists, a cluster of the gateway, and databases and roles
of PostgreSQL's own.
"""

__all__ = ["RESERVED_NAMES", "RESERVED_PREFIX"]

RESERVED_NAMES = frozenset(
    {
        *("monolith", "services", "gateway", "mesh", "postgres", "broker", "dashboard", "issuer"),
        "ratelimit",
        *("template0", "template1", "public", "none"),
    }
)
RESERVED_PREFIX = "pg-"
"""PostgreSQL keeps roles that begin with "pg_" for itself."""
