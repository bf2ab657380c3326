"""From which address a request comes."""

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address of whoever sent the request, as text; "" where nobody knows.

    Behind Envoy the peer is a Unix socket, which has none; X-Forwarded-For then holds what the
    gateway has seen, as it drops whatever the client claimed. Without a gateway, as under
    `manage.py runserver`, the peer is the client, and the header is only the client's word.
    """
    peer: str = request.META.get("REMOTE_ADDR", "")
    if peer:
        return peer
    return str(request.headers.get("X-Forwarded-For", "")).partition(",")[0].strip()
