"""Rules between the values of `ramet.toml` that are about traffic from outside."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from ramet.errors import Mistake
from ramet.system import rates
from ramet.system.document import Document
from ramet.system.edge import Gateway, is_loopback
from ramet.system.lines import KeyPath
from ramet.system.model import Service, System

__all__ = ["broken_edge_rules"]

# A body is held in the gateway's memory until it is complete.
_LARGEST_BODY = 100 * 1024 * 1024


def broken_edge_rules(system: System, document: Document) -> Iterator[Mistake]:
    """Every broken rule of [gateway] and of the services' keys for the edge."""
    gateway = system.gateway
    yield from _tls(gateway, document)
    yield from _certificate(gateway, document)
    yield from _redirect(gateway, document)
    yield from _cors(gateway, document)
    yield from _users(system, document)
    yield from _shared_rates(system, document)
    for service in system.services.values():
        yield from _streams(service, system, document)
        yield from _body(service, document)
        yield from _canary(service, document)


def _tls(gateway: Gateway, document: Document) -> Iterator[Mistake]:
    scheme = urlsplit(gateway.public_url).scheme
    if gateway.tls == "off" and not is_loopback(gateway.host):
        yield document.mistake(
            "plain-http",
            ("gateway", "listen"),
            found=f'listen on "{gateway.host}" without TLS',
            expected="TLS wherever others can reach the gateway",
            remedy='Write tls = "local" or "files"; or "balancer", if one in front speaks TLS.',
        )
    elif gateway.tls == "balancer" and not (gateway.given_url and scheme == "https"):
        yield document.mistake(
            "missing-public-url",
            ("gateway", "tls"),
            found='tls = "balancer" without the https address of the balancer',
            expected="public_url, a URL that begins with https://",
            remedy='Add public_url = "https://shop.example" to [gateway].',
        )
    elif gateway.given_url and (scheme == "https") != (gateway.tls != "off"):
        yield document.mistake(
            "wrong-scheme",
            ("gateway", "public_url"),
            found=f'public_url = "{gateway.given_url}" with tls = "{gateway.tls}"',
            expected="http without TLS, https with it",
            remedy="Correct public_url, or tls.",
        )


def _certificate(gateway: Gateway, document: Document) -> Iterator[Mistake]:
    for name in ("certificate", "key"):
        is_given = getattr(gateway, name) is not None
        if gateway.tls == "files" and not is_given:
            yield document.mistake(
                "missing-key",
                ("gateway", "tls"),
                found=f'tls = "files" without {name}',
                expected="certificate and key, two PEM files",
                remedy=f'Add {name} = "..." to [gateway].',
            )
        elif gateway.tls != "files" and is_given:
            yield document.mistake(
                "needless-certificate",
                ("gateway", name),
                found=f'{name} with tls = "{gateway.tls}"',
                expected='certificate and key only with tls = "files"',
                remedy=f'Remove {name}, or write tls = "files".',
            )


def _redirect(gateway: Gateway, document: Document) -> Iterator[Mistake]:
    if gateway.redirect_from is None:
        return
    taken = (gateway.port, gateway.port + 1)
    if not gateway.speaks_tls or gateway.redirect_from[1] in taken:
        yield document.mistake(
            "needless-redirect",
            ("gateway", "redirect_from"),
            found=f'redirect_from with tls = "{gateway.tls}"'
            if not gateway.speaks_tls
            else "redirect_from on a port of the gateway or of the dashboard",
            expected='a port of its own, beside tls = "local" or "files"',
            remedy="Remove redirect_from, or correct it.",
        )


def _cors(gateway: Gateway, document: Document) -> Iterator[Mistake]:
    cors = gateway.cors
    if cors is None or "*" not in cors.origins:
        return
    if cors.credentials:
        yield document.mistake(
            "credentials-for-everybody",
            ("gateway", "cors", "credentials"),
            found='credentials = true with origins = ["*"]',
            expected="named origins: any page could act as whoever looks at it",
            remedy="Name the origins, or remove credentials.",
        )
    if len(cors.origins) > 1:
        yield document.mistake(
            "invalid-value",
            ("gateway", "cors", "origins"),
            found='"*" beside other origins',
            expected='"*" alone, or named origins',
            remedy='Remove "*", or the others.',
        )


def _users(system: System, document: Document) -> Iterator[Mistake]:
    if system.gateway.issuer is not None:
        return
    owners: dict[KeyPath, Gateway | Service] = {("gateway",): system.gateway}
    owners |= {("services", name): service for name, service in system.services.items()}
    for path, owner in owners.items():
        if owner.rate_by_user is not None:
            yield document.mistake(
                "no-users",
                (*path, "rate_by_user"),
                found="rate_by_user in a system without an issuer",
                expected="issuer in [gateway]: users are known by their tokens",
                remedy="Write rate_by_address, or declare the issuer.",
            )


def _shared_rates(system: System, document: Document) -> Iterator[Mistake]:
    if system.has_shared_rates and not any(rates.declared(system, by) for by in rates.KINDS):
        yield document.mistake(
            "no-rates",
            ("infrastructure", "rates"),
            found="rates in a system without any rate",
            expected="rate_by_address or rate_by_user, in [gateway] or in a service",
            remedy='Add rate_by_address = "600/minute" to [gateway], or remove rates.',
        )


def _streams(service: Service, system: System, document: Document) -> Iterator[Mistake]:
    declared = document.content["services"][service.name]
    routes = [route for each in system.services.values() for route in each.routes]
    for stream in service.streams:
        # The longest one has the path: a service at "/" has not what lies in others' routes.
        owner = max(filter(stream.startswith, routes), key=len, default="")
        if owner not in service.routes:
            yield document.mistake(
                "stream-outside-routes",
                ("services", service.name, "streams", declared["streams"].index(stream)),
                found=f'"{stream}", which is in no route of {service.name}',
                expected="a prefix inside the service's own routes",
                remedy=f'Correct it, or add routes = ["{stream}"].',
            )


def _body(service: Service, document: Document) -> Iterator[Mistake]:
    if service.largest_body is not None and service.largest_body > _LARGEST_BODY:
        yield document.mistake(
            "invalid-value",
            ("services", service.name, "largest_body"),
            found=f"largest_body of {service.largest_body // 1024**2} MiB",
            expected="at most 100MiB: the gateway holds a body in memory until it is complete",
            remedy="Have larger files uploaded to an object store, by a signed URL.",
        )


def _canary(service: Service, document: Document) -> Iterator[Mistake]:
    if service.canary is None or service.canary.address.startswith("/"):
        return
    parts = urlsplit(f"//{service.canary.address}")
    try:
        ipaddress.ip_address(parts.hostname or "")
        is_valid = parts.port is not None
    except ValueError:
        is_valid = False
    if not is_valid:
        yield document.mistake(
            "invalid-value",
            ("services", service.name, "canary", "address"),
            found=f'address = "{service.canary.address}"',
            expected='a socket, or an IP address with a port, such as "10.0.0.7:8443"',
            remedy='Write address = "10.0.0.7:8443", or the like.',
        )
