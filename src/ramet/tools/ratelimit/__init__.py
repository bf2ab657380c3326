"""The rate limiter: a small RateLimitService of Envoy's, so that several gateways count together.

`buckets` counts in Redis, `limiter` answers Envoy, `serving` is the process. `foreign` writes the
same rates down for envoyproxy/ratelimit, which may stand in its place. Needs `ramet[ratelimit]`.
"""

from ramet.tools.ratelimit.foreign import configuration
from ramet.tools.ratelimit.usable import require_usable

__all__ = ["configuration", "require_usable"]
