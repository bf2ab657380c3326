"""The path of a request as Envoy tells it in its spans and access logs: no query, no secrets.

Envoy does not know what the parts of a path mean. Where something looks like a secret, the
path ends before its first long segment. By a CEL expression: nothing else of Envoy's can look.
"""

from ramet.system import path_secrets

__all__ = ["TOLD", "TOLD_OF_SAMPLED"]


def _told() -> str:
    path = "request.url_path"  # without the query
    # One after another: CEL takes short expressions only. Most paths have no segment that is long
    # enough for any, and are spared most of the six microseconds that they cost.
    is_long = f"{path}.matches('[0-z-]{{{path_secrets.LEAST}}}')"
    has_one = " || ".join(f"{path}.matches('{each}')" for each in path_secrets.LOOKS)
    upto = f"^((?:/[!-.0-~]{{0,{path_secrets.LEAST - 1}}})*/).*$"
    masked = f"re.extract({path}, '{upto}', r'\\1[redacted]')"
    return f"{is_long} && ({has_one}) ? {masked} : {path}"


TOLD = f"%CEL({_told()})%"
"""A command of Envoy's formatter; `-` where there is no path."""

# Envoy has written its own span into the header by then, with the sender's flag.
_IS_LEFT_OUT = "request.headers['traceparent'].endsWith('-00')"
TOLD_OF_SAMPLED = f"%CEL({_IS_LEFT_OUT} ? '' : {_told()})%"
"""The same for a span's tag, which Envoy works out for the spans, too, that it does not send."""
