"""Whom the running Envoy believes, as it says itself: files that it watches say what it will."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

_SECONDS = 2.0


def is_believed(authority: int, domain: str, admin_socket: Path) -> bool:
    """Whether every TLS context of the mesh believes the authority with this serial number.

    Those of the mesh believe authorities of the trust domain, `spiffe://<system>`, alone. False
    where Envoy does not answer.
    https://www.envoyproxy.io/docs/envoy/latest/operations/admin#get--certs
    """
    believed = [
        {int(each["serial_number"], 16) for each in context["ca_cert"]}
        for context in _contexts(admin_socket)
        if any({"uri": domain} in each["subject_alt_names"] for each in context["ca_cert"])
    ]
    return bool(believed) and all(authority in serials for serials in believed)


def _contexts(admin_socket: Path) -> list[dict[str, list[dict[str, Any]]]]:
    connection = http.client.HTTPConnection("localhost", timeout=_SECONDS)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(_SECONDS)
    try:
        connection.sock.connect(str(admin_socket))
        connection.request("GET", "/certs")
        found: list[dict[str, list[dict[str, Any]]]]
        found = json.loads(connection.getresponse().read())["certificates"]
    except (OSError, http.client.HTTPException):
        return []
    finally:
        connection.close()
    return found
