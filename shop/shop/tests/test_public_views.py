"""Everything that anybody may use is so by decision."""

from django.test import Client

from ramet.identity.checks import check_public_views, check_scopes
from ramet.identity.public_views import routes


def test_every_view_is_decided_about_and_every_scope_declared() -> None:
    assert check_public_views() == []
    assert check_scopes() == []


def test_no_view_escaped_the_checks() -> None:
    found = {route.name for route in routes()}
    for name in ("orders.views.OrderViewSet", "payments.views.WebhookView", "schema.whole_schema"):
        assert f"shop.{name}" in found


def test_what_is_not_public_asks_for_a_token(client: Client) -> None:
    for path in ("/api/v1/orders/", "/api/v1/payments/", "/api/v1/users/me/"):
        answer = client.get(path)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer"), path
