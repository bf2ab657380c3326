"""A verify()-protected Django service, asked directly: middleware and DRF authentication."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client, override_settings
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ramet.identity import KeysUnavailable, current_user, keys
from ramet.identity.bearer import challenge, of_header
from ramet.identity.claims import InvalidToken
from tests.unit.identity.conftest import ALICE

Make = Callable[..., str]


def plain(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"name": request.user.username, "bound": current_user().username})


class Mine(APIView):
    def get(self, request: Request) -> Response:
        assert current_user() == request.user
        return Response({"id": str(request.user.id), "scopes": sorted(request.auth.scopes)})


class Written(APIView):
    def post(self, request: Request) -> Response:
        return Response({}, status=201)

    def get_permissions(self) -> list[Any]:
        from ramet.identity.drf import HasScope

        return [HasScope("products:write")()]


urlpatterns = [
    path("plain/", plain),
    path("mine/", Mine.as_view()),
    path("written/", Written.as_view()),
]


@pytest.fixture
def client(token: Make, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    from rest_framework.settings import api_settings

    from ramet.identity.drf import IsSignedIn, TokenAuthentication
    from ramet.identity.user import Anonymous

    for view in (Mine, Written):
        monkeypatch.setattr(view, "authentication_classes", [TokenAuthentication])
    monkeypatch.setattr(Mine, "permission_classes", [IsSignedIn])
    monkeypatch.setattr(api_settings, "UNAUTHENTICATED_USER", Anonymous)
    with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[]):
        yield Client()


@pytest.fixture
def with_middleware(client: Client) -> Iterator[Client]:
    middleware = ["ramet.identity.middleware.IdentityMiddleware"]
    with override_settings(MIDDLEWARE=middleware):
        yield Client()


def ask(client: Client, url: str, token: str | None = None, method: str = "get") -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return getattr(client, method)(url, headers=headers)


def test_a_view_knows_the_user_from_the_token_alone(client: Client, token: Make) -> None:
    answer = ask(client, "/mine/", token(scopes=["b", "a"]))
    assert answer.json() == {"id": ALICE, "scopes": ["a", "b"]}
    assert not current_user().is_authenticated


def test_without_a_token_the_challenge_names_no_error(client: Client) -> None:
    answer = ask(client, "/mine/")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("changes", [{"lifetime": -60}, {"audience": "x"}, {"issuer": "x"}])
def test_a_bad_token_is_401_with_the_reason(
    client: Client, token: Make, changes: dict[str, Any]
) -> None:
    answer = ask(client, "/mine/", token(**changes))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token", ')
    assert "The access token was not accepted: " in answer.json()["detail"]


def test_a_missing_scope_is_403_and_a_missing_token_401(client: Client, token: Make) -> None:
    assert ask(client, "/written/", token(scopes=["products:write"]), "post").status_code == 201
    assert ask(client, "/written/", None, "post").status_code == 401
    refused = ask(client, "/written/", token(scopes=["products"]), "post")
    assert refused.status_code == 403
    assert "products:write" in refused.json()["detail"]


def test_the_middleware_gives_plain_views_their_user(with_middleware: Client, token: Make) -> None:
    signed_in = ask(with_middleware, "/plain/", token())
    assert signed_in.json() == {"name": "alice", "bound": "alice"}
    assert ask(with_middleware, "/plain/").json() == {"name": "", "bound": ""}


def test_beside_djangos_middleware_the_users_of_sessions_stay(client: Client, token: Make) -> None:
    """The provider's pages need a user of the model, and a token is no session."""
    middleware = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "ramet.identity.middleware.IdentityMiddleware",
    ]
    signed_cookies = "django.contrib.sessions.backends.signed_cookies"
    with override_settings(MIDDLEWARE=middleware, SESSION_ENGINE=signed_cookies):
        answer = ask(Client(), "/plain/", token())
        assert answer.json() == {"name": "", "bound": "alice"}
        answer = ask(Client(), "/mine/", token())
        assert answer.json()["id"] == ALICE


def test_the_middleware_answers_a_bad_token_with_a_problem(
    with_middleware: Client, token: Make
) -> None:
    answer = ask(with_middleware, "/plain/", token(lifetime=-60))
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "The access token was not accepted: the token has expired.",
    }


@pytest.mark.parametrize("url", ["/plain/", "/mine/"])
def test_without_keys_nothing_is_decided(
    with_middleware: Client, token: Make, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    def unavailable(*_: object) -> None:
        raise KeysUnavailable("down")

    monkeypatch.setattr(keys, "find", unavailable)
    answer = ask(with_middleware, url, token())
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("header", ["Basic YTpi", "", "Token x", "Bearerx y", "\xa0Bearer abc"])
def test_other_schemes_are_no_tokens(header: str) -> None:
    assert of_header(header) is None


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "bearer a b", "BEARER  ", "Bearer\t", "Bearer\ta b"]
)
def test_bearer_without_one_token_is_an_error_not_anonymous(header: str) -> None:
    with pytest.raises(InvalidToken):
        of_header(header)


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", " Bearer  abc ", "Bearer\tabc"])
def test_the_scheme_is_read_in_any_case(header: str) -> None:
    assert of_header(header) == "abc"


def test_a_quote_in_a_reason_does_not_end_the_challenge() -> None:
    assert challenge(InvalidToken('a "b\\" c')).count('"') == 4
