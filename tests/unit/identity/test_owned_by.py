"""What belongs to somebody does not exist for others: not one by one, and not in a list."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.test import Client, override_settings
from django.urls import path
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ramet.identity.drf import OwnedBy, TokenAuthentication
from tests.unit.identity.conftest import ALICE

BOB = ALICE.replace("6", "7")
Make = Callable[..., str]


class Rows(list[Any]):
    """As much of a queryset as DRF's generic views use."""

    def filter(self, **wanted: Any) -> "Rows":
        return Rows(row for row in self if all(_get(row, n) == v for n, v in wanted.items()))

    def get(self, **wanted: Any) -> Any:
        return self.filter(pk=int(wanted["pk"]))[0]


def _get(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _row(pk: int, owner: str) -> Any:
    return SimpleNamespace(pk=pk, owner=UUID(owner), box=SimpleNamespace(owner=UUID(owner)))


ROWS = Rows([_row(1, ALICE), _row(2, BOB), _row(3, ALICE)])


class All(GenericAPIView[Any]):
    """Whose get_queryset knows of no owners."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [OwnedBy("owner")]

    def get_queryset(self) -> Any:
        return ROWS

    def get(self, request: Request) -> Response:
        return Response([row.pk for row in self.filter_queryset(self.get_queryset())])


class OverARelation(All):
    permission_classes = [OwnedBy("box__owner")]


class One(All):
    """Which fetches for itself, past every filter."""

    def get(self, request: Request, pk: int) -> Response:
        found = ROWS.get(pk=pk)
        self.check_object_permissions(request, found)
        return Response(found.pk)


class Bare(APIView):
    """Which has no queryset at all."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [OwnedBy("owner")]

    def get(self, request: Request) -> Response:
        return Response("ok")


urlpatterns = [
    path("all/", All.as_view()),
    path("related/", OverARelation.as_view()),
    path("one/<int:pk>/", One.as_view()),
    path("bare/", Bare.as_view()),
]


@pytest.fixture
def ask(token: Make, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    from rest_framework.settings import api_settings

    from ramet.identity.user import Anonymous

    monkeypatch.setattr(api_settings, "UNAUTHENTICATED_USER", Anonymous)

    def get(url: str, **changes: Any) -> Any:
        headers = {"Authorization": f"Bearer {token(**changes)}"} if changes else {}
        return Client().get(url, headers=headers)

    with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[]):
        yield get


@pytest.mark.parametrize("url", ["/all/", "/related/"])
def test_a_list_holds_ones_own_only(ask: Callable[..., Any], url: str) -> None:
    assert ask(url, subject=ALICE).json() == [1, 3]
    assert ask(url, subject=BOB).json() == [2]


def test_anothers_is_not_found_where_a_view_fetches_for_itself(ask: Callable[..., Any]) -> None:
    assert ask("/one/1/", subject=ALICE).json() == 1
    assert ask("/one/1/", subject=BOB).status_code == 404


@pytest.mark.parametrize("url", ["/all/", "/one/1/", "/bare/"])
def test_it_is_for_people(ask: Callable[..., Any], url: str) -> None:
    assert ask(url).status_code == 401
    assert ask(url, subject="storefront").status_code == 403
    assert ask(url, subject=ALICE).status_code == 200


def test_one_request_does_not_narrow_the_next(ask: Callable[..., Any]) -> None:
    ask("/all/", subject=ALICE)
    assert list(All.filter_backends) == list(GenericAPIView.filter_backends)
    assert ask("/all/", subject=BOB).json() == [2]
