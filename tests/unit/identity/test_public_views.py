"""A view is public by decision only, and what belongs to somebody is nobody else's."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required, login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.checks import CheckMessage
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

import ramet
from ramet.identity import checks
from ramet.identity.drf import HasScope, IsSignedIn, Public

Find = Callable[..., list[CheckMessage]]


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch) -> Find:
    """The findings for these views, each at a path of its own."""
    patterns: list[Any] = []

    def check(*views: Any, **settings: Any) -> list[CheckMessage]:
        patterns[:] = [
            view if isinstance(view, list) else path(f"{number}/", view)
            for number, view in enumerate(views)
        ]
        with override_settings(ROOT_URLCONF=(), **settings):
            monkeypatch.setattr(
                "ramet.identity.public_views.get_resolver", lambda: _Resolver(patterns)
            )
            return checks.check_public_views()

    return check


class _Resolver:
    def __init__(self, patterns: list[Any]) -> None:
        self.url_patterns = patterns


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def another(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class Page(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class Closed(LoginRequiredMixin, Page):
    pass


@method_decorator(login_required, name="dispatch")
class Decorated(Page):
    pass


class Open(APIView):
    permission_classes: list[type[BasePermission]] = []

    def get(self, request: Any) -> Response:
        return Response()

    def post(self, request: Any) -> Response:
        return Response()


class ByAction(ViewSet):
    def retrieve(self, request: Any) -> Response:
        return Response()

    def create(self, request: Any) -> Response:
        return Response()

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.action == "retrieve" else [IsSignedIn()]


class ByMethod(Open):
    def get_permissions(self) -> list[Any]:
        return [IsSignedIn() if self.request.method == "POST" else Public()]


def with_permission(*classes: Any) -> Any:
    return type("Given", (Open,), {"permission_classes": list(classes)}).as_view()


@pytest.mark.parametrize("view", [plain, Page.as_view()])
def test_a_plain_view_without_a_word_is_told(find: Find, view: Any) -> None:
    [found] = find(view)
    assert found.id == "ramet.W040"
    assert "Anybody may use every method of /0/" in found.msg
    assert found.obj.endswith((".plain", ".Page"))
    assert "ramet.public(view)" in found.hint


@pytest.mark.parametrize("view", [login_required(another), Closed.as_view(), Decorated.as_view()])
def test_a_plain_view_that_asks_for_a_user_is_not(find: Find, view: Any) -> None:
    assert find(view) == []


def test_under_a_middleware_that_asks_for_a_user_none_is(find: Find) -> None:
    middleware = ["ramet.identity.middleware.LoginRequiredMiddleware"]
    assert find(plain, MIDDLEWARE=middleware) == []


def test_a_view_that_is_public_on_purpose_is_not() -> None:
    def one(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert ramet.public(one) is one
    assert one.login_required is False  # type: ignore[attr-defined]


def test_a_decision_holds_for_each_way_to_say_it(find: Find) -> None:
    views = [ramet.public(Page.as_view()), login_not_required(Page.as_view())]
    listed = ramet.public([path("a/", Page.as_view()), path("b/", Page.as_view())])
    included = ramet.public(include(([path("c/", Page.as_view())], "app")))
    assert find(*views, include(listed), included) == []
    assert len(find(include([path("a/", Page.as_view())]))) == 1


@pytest.mark.parametrize(
    "classes", [(), (AllowAny,), (AllowAny, AllowAny), (AllowAny | IsSignedIn,)]
)
def test_a_view_of_drf_that_everybody_may_use_is_told(find: Find, classes: Any) -> None:
    [found] = find(with_permission(*classes))
    assert "Anybody may use GET, POST of /0/" in found.msg
    assert "[Public]" in found.hint


@pytest.mark.parametrize(
    "classes",
    [(Public,), (IsSignedIn,), (AllowAny, IsSignedIn), (AllowAny & IsSignedIn,), (HasScope("a"),)],
)
def test_a_view_of_drf_that_somebody_decided_about_is_not(find: Find, classes: Any) -> None:
    assert find(with_permission(*classes)) == []


def test_permissions_that_depend_on_the_action_or_the_method_are_asked_for_each(find: Find) -> None:
    by_action = ByAction.as_view({"get": "retrieve", "post": "create"})
    [found] = find(by_action, ByMethod.as_view())
    assert "Anybody may use GET of /0/" in found.msg
    assert found.obj.endswith("ByAction")


def test_public_is_allow_any_to_whoever_looks() -> None:
    """drf-spectacular describes a view as open where it finds this very class."""
    assert [type(Public())] == [AllowAny]


def test_a_view_at_two_paths_is_told_once(find: Find) -> None:
    assert len(find(plain, plain)) == 1


def test_scopes_are_seen_inside_of_combined_permissions() -> None:
    found = [
        scope
        for permission in (HasScope("a")(), (HasScope("b") & IsSignedIn)(), (~HasScope("c"))())
        for scope in checks._scopes(permission)
    ]
    assert found == ["a", "b", "c"]
