"""Spellings of a path, and other ways to name one, that some server has taken for another.

Where they come from: RFC 3986 (dot segments, 5.2.4), RFC 9112 (forms of the request target, 3.2),
CVE-2021-41773 and CVE-2021-42013 (encoded dots, twice), CVE-2020-5902 (`..;`), CVE-2000-0884
(overlong UTF-8), CVE-2021-43798 (dots below a public prefix), CVE-2025-29927 and the like (headers
that rewrite).
"""

from collections.abc import Iterator
from dataclasses import dataclass

GOALS = (
    ".ramet/calls/shop.products.v1.Products/release",
    ".ramet/metrics",
    "api/v1/orders/",
)
PUBLIC = ("o", "api/v1/products")

# {goal}: one of GOALS; {public}: a prefix that everybody may ask; the others: spellings of {goal}.
SPELLINGS: dict[str, str] = {
    # as it is, and with segments that mean nothing
    "/{goal}": "the path itself",
    "/./{goal}": "a segment that means here",
    "/././{goal}": "two of them",
    "//{goal}": "a doubled slash, which some read as an authority",
    "///{goal}": "three slashes",
    "/.//{goal}": "a dot and a doubled slash",
    "/{doubled}": "every slash doubled",
    "/%2e/{goal}": "an encoded segment that means here",
    "/{goal}/": "one slash more at the end",
    "/{goal}/.": "a dot at the end",
    "/{goal}/..": "back at the end",
    "/x/../{goal}": "back from a path that nobody has",
    # dot segments below a public prefix
    "/{public}/../{goal}": "climbing, plain",
    "/{public}/../../{goal}": "climbing beyond the root",
    "/{public}/../../../../../../{goal}": "climbing far beyond the root",
    "/{public}/x/../../{goal}": "down and up again",
    "/{public}//../{goal}": "an empty segment is climbed, or not",
    "/{public}/./../{goal}": "here, then up",
    "/{public}/%2e%2e/{goal}": "both dots encoded",
    "/{public}/%2E%2E/{goal}": "both dots encoded, upper case",
    "/{public}/.%2e/{goal}": "the second dot encoded",
    "/{public}/%2e./{goal}": "the first dot encoded",
    "/{public}/%252e%252e/{goal}": "encoded twice",
    "/{public}/%25252e%25252e/{goal}": "encoded three times",
    "/{public}/%%32%65%%32%65/{goal}": "an encoding made of encodings (CVE-2021-42013)",
    # separators
    "/{public}/..%2f{goal}": "an encoded slash",
    "/{public}/..%2F{goal}": "an encoded slash, upper case",
    "/{public}%2f..%2f{goal}": "all slashes encoded",
    "/{public}/..%252f{goal}": "a slash encoded twice",
    "/{public}/%2e%2e%2f{goal}": "all of it encoded",
    "/{public}/..\\{goal}": "a backslash",
    "/{public}\\..\\{goal}": "backslashes only",
    "\\{goal}": "a backslash for the root",
    "/\\{goal}": "a backslash after the root",
    "/{public}/..%5c{goal}": "an encoded backslash",
    "/{public}/..%255c{goal}": "a backslash encoded twice",
    "/{slashes}": "every slash of the goal encoded",
    "/{backslashes}": "every slash of the goal a backslash",
    # the goal spelt otherwise
    "/{upper}": "upper case",
    "/{title}": "one letter in upper case",
    "/{encoded}": "every character encoded",
    "/{twice}": "every character encoded twice",
    "/{wide}": "full-width look-alikes, which NFKC folds to ASCII",
    "/{wide_raw}": "the same as raw UTF-8",
    "/%ef%bb%bf{goal}": "a byte order mark before it",
    "/%c2%ad{goal}": "a soft hyphen before it",
    "/{public}/%e2%80%a5/{goal}": "the two dot leader for two dots",
    "/{public}/%ef%bc%8e%ef%bc%8e/{goal}": "full-width stops for dots",
    "/{public}/..%ef%bc%8f{goal}": "a full-width slash",
    "/{public}/..%e2%88%95{goal}": "a division slash",
    "/{public}/..%u002f{goal}": "the %u notation of IIS",
    # overlong and broken UTF-8
    "/{public}/..%c0%af{goal}": "a slash in two bytes",
    "/{public}/..%e0%80%af{goal}": "a slash in three bytes",
    "/{public}/..%f0%80%80%af{goal}": "a slash in four bytes",
    "/{public}/%c0%ae%c0%ae/{goal}": "dots in two bytes",
    "/{public}/%c0%2e%c0%2e/{goal}": "a lead byte that swallows a dot, or not",
    "/{public}/..%ff/{goal}": "a byte that UTF-8 never has",
    "/{public}/..%/{goal}": "a percent sign without digits",
    "/{public}/..%zz/{goal}": "a percent sign without hex digits",
    # parameters, as Tomcat, Spring and Jetty read them
    "/;/{goal}": "an empty segment with a parameter",
    "/;a=b/{goal}": "a segment that is a parameter only",
    "/{public}/..;/{goal}": "climbing with an empty parameter",
    "/{public}/..;a=b/{goal}": "climbing with a parameter",
    "/{public}/.;/../{goal}": "here with a parameter, then up",
    "/{public};/../{goal}": "a parameter on the public prefix",
    "/{goal};a=b": "a parameter at the end",
    "/{goal};/": "an empty parameter at the end",
    "/{parameters}": "a parameter on every segment",
    # control characters
    "/{public}/..%00/{goal}": "a NUL after the dots",
    "/%00/../{goal}": "a NUL in a segment that is climbed",
    "/{goal}%00": "a NUL at the end",
    "/{goal}%00.css": "a NUL before a harmless ending",
    "/{goal}\x00": "a raw NUL",
    "/{public}/..\x01/{goal}": "a raw control character",
    "/{public}/..%0a/{goal}": "a line feed",
    "/{public}/..%0d%0a/{goal}": "an end of line",
    "/{goal}%0d%0aX:%20y": "an end of line that begins a header",
    "/{public}/..%09/{goal}": "a tab",
    "/\t{goal}": "a raw tab",
    "/{public}/..%20/{goal}": "a space after the dots",
    "/%20{goal}": "a space before it",
    "/{goal}%20": "a space after it",
    "/{goal}%7f": "a delete at the end",
    "/{goal}.": "a stop at the end, which Windows drops",
    "/{goal}%2e": "the same, encoded",
    # fragments and queries
    "/{public}/#/../{goal}": "climbing behind a fragment",
    "/{public}#/../../{goal}": "a fragment right after the prefix",
    "/{public}/%23/../{goal}": "climbing out of an encoded fragment",
    "/#/{goal}": "the goal as fragment",
    "/{public}/?/../{goal}": "climbing behind a query",
    "/{public}/?x=/../../{goal}": "climbing in a parameter",
    "/{public}/%3f/../{goal}": "climbing out of an encoded query",
    "/{goal}?a=b": "with a query",
    "/{goal}?": "with an empty query",
    "/{goal}#": "with an empty fragment",
    "/{goal}?/o/": "a public path as query",
    "/{goal}#/o/": "a public path as fragment",
    "?/{goal}": "a query without a path",
    # other forms of the request target
    "http://localhost/{goal}": "the absolute form",
    "http://localhost/{public}/../{goal}": "the absolute form, climbing",
    "http://localhost//{goal}": "the absolute form, doubled slash",
    "HTTP://LOCALHOST/{goal}": "the absolute form in upper case",
    "https://localhost/{goal}": "another scheme",
    "ftp://localhost/{goal}": "a scheme that is not HTTP",
    "file:///{goal}": "a file",
    "unix:/{goal}": "a socket",
    "http://localhost:8001/{goal}": "another port",
    "http://products/{goal}": "the name of a service",
    "http://localhost@products/{goal}": "a user before the host",
    "http://localhost\\@products/{goal}": "two readings of which part is the host",
    "http://localhost#@products/{goal}": "a fragment in the authority",
    "http://localhost?/{goal}": "a query in the authority",
    "http:///{goal}": "no authority",
    "http:/{goal}": "one slash only",
    "http:{goal}": "none",
    "//localhost/{goal}": "the network-path form",
    "localhost/{goal}": "no scheme",
    "localhost:80": "the authority form without CONNECT",
    "{goal}": "no slash",
    "@{goal}": "an at sign for the root",
    ":/{goal}": "an empty scheme",
    "*": "the asterisk form without OPTIONS",
    "*/{goal}": "an asterisk before it",
    "": "nothing",
}

# Headers that proxies and frameworks have taken for the path, the method or the host.
HEADERS: dict[str, str] = {
    "X-Original-URL: /{goal}": "IIS and Symfony",
    "X-Rewrite-URL: /{goal}": "IIS and Symfony",
    "X-Original-URI: /{goal}": "nginx",
    "X-Original-Path: /{goal}": "several",
    "X-Envoy-Original-Path: /{goal}": "Envoy",
    "X-Envoy-Original-Host: products": "Envoy",
    "X-Forwarded-Path: /{goal}": "several",
    "X-Forwarded-Prefix: /{goal}": "Spring, Traefik",
    "X-Forwarded-Uri: /{goal}": "Traefik",
    "X-Forwarded-Host: products": "Django's USE_X_FORWARDED_HOST",
    "X-Forwarded-Port: 8001": "several",
    "X-Forwarded-Server: products": "Apache",
    "X-Accel-Redirect: /{goal}": "nginx",
    "X-Sendfile: /{goal}": "Apache",
    "Destination: /{goal}": "WebDAV",
    "Script-Name: /{goal}": "WSGI's SCRIPT_NAME by a header",
    "Path-Info: /{goal}": "WSGI's PATH_INFO by a header",
    "X-HTTP-Method-Override: POST": "another method",
    "X-HTTP-Method: POST": "another method",
    "X-Method-Override: POST": "another method",
    "X-Ramet-Service: products": "the mesh's own header for where a call goes",
    "X-Middleware-Subrequest: middleware": "CVE-2025-29927",
}

HOSTS: dict[str, str] = {
    "products": "a service by its name",
    "products.mesh.sock": "a socket by its name",
    "localhost:8001": "the dashboard",
    "localhost/.ramet/ready": "a path in the host",
    "localhost@products": "a user in the host",
    "localhost#products": "a fragment in the host",
    "localhost, products": "two hosts in one",
    "evil.example": "another site",
    "xn--localhost-": "no name at all",
    "": "no host",
    "[::1]:0": "an address of this machine",
    "169.254.169.254": "the address at which clouds give credentials away",
}

METHODS: dict[str, str] = {
    "CONNECT": "a tunnel",
    "TRACE": "an echo, with what a browser hides",
    "TRACK": "the same of IIS",
    "PRI": "the preface of HTTP/2 as a method",
    "OPTIONS": "with the asterisk form",
    "get": "lower case, which is another method",
    "PURGE": "a cache's own",
    "DEBUG": "ASP.NET's own",
    "PROPFIND": "WebDAV's own",
}


@dataclass(frozen=True, slots=True)
class Trick:
    """One request target: a spelling of a goal."""

    spelling: str
    goal: str
    target: str

    @property
    def method(self) -> str:
        """Operations are asked with POST, views with GET."""
        return "POST" if "/calls/" in self.goal else "GET"


def spelt(spelling: str) -> Iterator[Trick]:
    """Every target that a spelling of SPELLINGS stands for."""
    for goal in GOALS:
        for public in PUBLIC if "{public}" in spelling else ("",):
            target = spelling
            for name, value in {"public": public, **_variants(goal)}.items():
                target = target.replace(f"{{{name}}}", value)
            yield Trick(spelling, goal, target)


def _variants(goal: str) -> dict[str, str]:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in goal)
    encoded = "".join(letter if letter == "/" else f"%{ord(letter):02x}" for letter in goal)
    return {
        "goal": goal,
        "doubled": goal.replace("/", "//"),
        "slashes": goal.replace("/", "%2f"),
        "backslashes": goal.replace("/", "\\"),
        "upper": goal.upper(),
        "title": goal.title(),
        "encoded": encoded,
        "twice": encoded.replace("%", "%25"),
        "wide": "".join(f"%{byte:02x}" for byte in wide.encode()),
        "wide_raw": wide,
        "parameters": goal.replace("/", ";a=b/"),
    }
