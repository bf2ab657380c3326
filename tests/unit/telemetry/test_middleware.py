"""What the span of a request says, for every way in which Django answers one."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path, re_path
from opentelemetry import trace
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.exceptions import NotFound

from ramet.telemetry import tracing
from ramet.telemetry.metrics import instruments
from ramet.telemetry.metrics.prometheus import own_series
from ramet.telemetry.metrics.shared import Series
from ramet.telemetry.middleware import REQUESTS
from tests.unit.conftest import Trace

MIDDLEWARE = ["ramet.telemetry.middleware.TelemetryMiddleware"]


class Member(AnonymousUser):
    pk = 7
    is_authenticated = True


def order(request: HttpRequest, number: int) -> HttpResponse:
    request.user = Member()
    tracing.annotate(order_id=number)
    return HttpResponse(trace.format_trace_id(trace.get_current_span().get_span_context().trace_id))


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("no paper")


@api_view(["GET"])
@authentication_classes([])
def missing(request: Any, name: str) -> HttpResponse:
    raise NotFound


def absent(request: HttpRequest) -> HttpResponse:
    raise Http404


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


urlpatterns = [
    path("absent/", absent),
    path("forbidden/", forbidden),
    path("orders/<int:number>/", order),
    path("broken/", broken),
    path("busy/", lambda request: HttpResponse(status=503)),
    path("reset/<uidb64>/<token>/", absent),
    path("v1/", include([re_path(r"^things/(?P<name>\w+)/$", missing)])),
]


@pytest.fixture
def client(settings: Any) -> Client:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = MIDDLEWARE
    settings.RAMET = None  # views of no service, whatever ran before
    settings.ALLOWED_HOSTS = ["*"]
    return Client(raise_request_exception=False)


def test_a_request_is_a_span_named_after_its_route(traced: Trace, client: Client) -> None:
    kept = traced()
    answer = client.get(
        "/orders/7/?secret=1",
        headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "x-request-id": "r-1"},
    )
    (span,) = kept()
    assert (span.name, span.kind) == ("GET /orders/{number}/", 2)
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/orders/{number}/",
        "url.path": "/orders/7/",
        "http.response.status_code": 200,
        "ramet.request_id": "r-1",
        "user.id": "7",
        "app.order_id": 7,
    }
    assert span.trace_id == "a" * 32 == answer.content.decode()
    assert span.parent_id == "b" * 16
    assert not span.is_error


def test_an_exception_of_a_view_is_in_its_span(traced: Trace, client: Client) -> None:
    kept = traced(sample=0)
    assert client.get("/broken/").status_code == 500
    (span,) = kept()
    assert span.is_error
    assert span.attributes["http.response.status_code"] == 500
    ((_, said),) = span.events
    assert said["exception.message"] == "no paper"
    assert "in broken" in said["exception.stacktrace"]


@pytest.mark.parametrize(
    ("target", "name", "status", "is_error"),
    [
        ("/busy/", "GET /busy/", 503, True),
        ("/v1/things/a/", "GET /v1/things/{name}/", 404, False),
        ("/nowhere/", "GET", 404, False),
    ],
)
def test_an_answer_of_500_or_more_is_an_error(
    traced: Trace, client: Client, target: str, name: str, status: int, is_error: bool
) -> None:
    kept = traced()
    assert client.get(target).status_code == status
    (span,) = kept()
    assert (span.name, span.is_error) == (name, is_error)


def test_an_invented_method_makes_no_name(traced: Trace, client: Client) -> None:
    kept = traced()
    client.generic("BREW", "/busy/")
    (span,) = kept()
    assert span.name == "HTTP /busy/"
    assert span.attributes["http.request.method"] == "_OTHER"


def test_baggage_is_the_apis(traced: Trace, client: Client) -> None:
    kept = traced()
    client.get("/orders/7/", headers={"baggage": "tenant=blue,%%%,x=y;meta"})
    client.get("/orders/7/", headers={"baggage": "x" * 100_000})
    client.get("/orders/7/", headers={"traceparent": "\udcff", "baggage": "=,=;;"})
    assert len(kept()) == 3


def test_where_nothing_is_traced_the_middleware_is_left_out(client: Client) -> None:
    assert client.get("/orders/7/").content == b"0" * 32


def test_requests_are_counted_by_route_whether_or_not_they_are_traced(client: Client) -> None:
    instruments.use_folder(None, "test")
    client.get("/orders/7/")
    client.get("/orders/8/")
    client.get("/no/such/path/")
    client.generic("BREW", "/busy/")
    client.get("/broken/")
    assert {each.values: sum(each.numbers[1:16]) for each in _requests()} == {
        ("other", "GET", "/orders/{number}/", "200"): 2,
        ("other", "GET", "other", "404"): 1,
        ("other", "_OTHER", "/busy/", "503"): 1,
        ("other", "GET", "/broken/", "500"): 1,
    }


def test_the_slowest_request_is_found_by_its_trace(traced: Trace, client: Client) -> None:
    instruments.use_folder(None, "test")
    traced()
    trace_id = client.get("/orders/7/").content.decode()
    assert [each.exemplar for each in _requests()] == [trace_id]


def _requests() -> list[Series]:
    return [each for each in own_series() if each.declaration == REQUESTS.declaration]


@pytest.mark.parametrize(("page", "status"), [("absent", 404), ("forbidden", 403)])
def test_what_a_view_refuses_is_no_failure(
    traced: Trace, client: Client, page: str, status: int
) -> None:
    kept = traced()
    assert client.get(f"/{page}/").status_code == status
    (span,) = kept()
    assert not span.is_error
    assert span.events == []


LINK_TOKEN = "d4k1xz-0a1b2c3d4e5f60718293a4b5c6d7e8f9"


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (f"/reset/MQ/{LINK_TOKEN}/", "/reset/{uidb64}/{token}/"),
        ("/reset/MQ/short/", "/reset/{uidb64}/{token}/"),
        (f"/no/such/page/{LINK_TOKEN}/", "/no/such/page/[redacted]/"),
        ("/v1/things/tea/", "/v1/things/tea/"),
    ],
)
def test_a_span_has_no_secret_of_a_link(
    traced: Trace, client: Client, page: str, told: str
) -> None:
    kept = traced()
    client.get(page)
    (span,) = kept()
    assert span.attributes["url.path"] == told
    assert LINK_TOKEN not in repr(span)
