"""`@ramet.idempotent` on views: what is done once, what is answered, and what is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from rest_framework import status
from rest_framework.decorators import action, api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

import ramet
from ramet.calls.models import StoredResult
from ramet.calls.options import options
from ramet.errors import DiagnosticError
from ramet.idempotency import commit
from ramet.idempotency.answers import REPLAYED

pytestmark = pytest.mark.django_db

# A group stands for whatever a request makes: each has another name, so each row is one effect.
effects = Group.objects.count


class Person:
    is_authenticated = True

    def __init__(self, pk: int) -> None:
        self.pk = pk


class Bare(APIView):
    authentication_classes = ()
    permission_classes = ()

    def get_exception_handler(self) -> Any:
        from ramet.problems import exception_handler

        return exception_handler


def make() -> Group:
    return Group.objects.create(name=f"group {effects()}")


class Orders(Bare):
    @ramet.idempotent
    def post(self, request: Request) -> HttpResponse:
        group = make()
        wish = request.data.get("answer", 201) if isinstance(request.data, dict) else 201
        if wish == "boom":
            raise ZeroDivisionError
        if wish == "plain":
            return HttpResponse(b"\xff\x00", content_type="application/octet-stream")
        if wish == "stream":
            return StreamingHttpResponse([b"x"])  # type: ignore[return-value]
        if wish == 204:
            return Response(status=204)
        answer = Response({"id": group.pk}, status=wish, headers={"Location": f"/{group.pk}/"})
        answer.set_cookie("once", "only")
        return answer


Post = Callable[..., Any]
view = Orders.as_view()


def post(
    body: Any = None,
    *,
    key: str | None = "k",
    user: Person | None = None,
    to: Any = view,
    path: str = "/orders/",
    format: str = "json",
) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    request = APIRequestFactory().post(path, body or {}, format=format, headers=headers)
    force_authenticate(request, user)  # type: ignore[arg-type]
    response = to(request)
    return response.render() if hasattr(response, "render") else response


def test_a_repetition_gets_the_same_answer_and_has_no_effect() -> None:
    first, second = post(), post()
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert second["Location"] == first["Location"]
    assert second["Content-Type"] == first["Content-Type"] == "application/json"
    assert (first.get(REPLAYED), second.get(REPLAYED)) == (None, "true")
    assert "once" in first.cookies
    assert not second.cookies
    assert effects() == 1


def test_another_key_is_another_request() -> None:
    assert post(key="a").content != post(key="b").content
    assert effects() == 2


@pytest.mark.parametrize("key", [None, "", "  "])
def test_without_a_key_nothing_is_done(key: str | None) -> None:
    answer = post(key=key)
    assert (answer.status_code, answer.data["code"]) == (400, "idempotency-key-missing")
    assert answer["Content-Type"] == "application/problem+json"
    assert effects() == 0


@pytest.mark.parametrize("key", ["k" * 256, "tab\there", 'a"'.join('""'), '"half', '"a\\b"', '""'])
def test_a_malformed_key_is_refused(key: str) -> None:
    answer = post(key=key)
    assert (answer.status_code, answer.data["code"]) == (400, "idempotency-key-malformed")
    assert effects() == 0


def test_a_key_may_be_quoted_as_the_draft_says() -> None:
    assert post(key='"a \\"b\\""').content == post(key='a "b"').content
    assert post(key="k" * 255).status_code == 201


def test_another_body_or_query_is_refused() -> None:
    post({"lines": [1]})
    for answer in (post({"lines": [2]}), post({"lines": [1]}, path="/orders/?twice=1")):
        assert (answer.status_code, answer.data["code"]) == (422, "idempotency-key-reused")
    assert effects() == 1


def test_the_same_body_written_otherwise_is_the_same() -> None:
    first = post({"a": 1, "b": [2]})
    factory, headers = APIRequestFactory(), {"Idempotency-Key": "k"}
    same = factory.post(
        "/orders/", b'{ "b":[2],"a":1 }', content_type="application/json", headers=headers
    )
    assert view(same).content == first.content
    assert effects() == 1


def test_files_of_a_form_count_by_their_content() -> None:
    def form(content: bytes) -> Any:
        return {"name": "x", "file": SimpleUploadedFile("a.txt", content)}

    first = post(form(b"one"), format="multipart")
    assert post(form(b"one"), format="multipart").content == first.content
    assert post(form(b"two"), format="multipart").status_code == 422
    assert effects() == 1


def test_others_keys_and_other_paths_are_others() -> None:
    ann, bob = Person(1), Person(2)
    answers = [post(user=ann), post(user=bob), post(), post(user=ann, path="/other/")]
    assert len({answer.content for answer in answers}) == 4
    assert post(user=bob).content == answers[1].content
    assert post({"other": 1}, user=Person(3)).status_code == 201
    assert effects() == 5


@pytest.mark.parametrize("wish", [400, 404, 409, 422, 500, 503])
def test_an_error_has_no_effect_and_is_not_kept(wish: int) -> None:
    assert post({"answer": wish}).status_code == wish
    assert (effects(), StoredResult.objects.count()) == (0, 0)
    assert post().status_code == 201, "the key is free again, also for another body"


@pytest.mark.parametrize(("wish", "error"), [("boom", ZeroDivisionError), ("stream", TypeError)])
def test_a_bug_has_no_effect_and_keeps_nothing(wish: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        post({"answer": wish})
    assert (effects(), StoredResult.objects.count()) == (0, 0)


@pytest.mark.parametrize("wish", [204, "plain", 302])
def test_any_kind_of_answer_comes_back_as_it_was(wish: Any) -> None:
    first, second = post({"answer": wish}), post({"answer": wish})
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.get("Content-Type") == first.get("Content-Type")
    assert effects() == 1


def test_a_very_long_or_strange_path_is_a_scope_of_its_own() -> None:
    paths = ["/" + "a" * 400, "/" + "a" * 401, "/%00/"]
    answers = [post(path=path) for path in paths]
    assert len({answer.content for answer in answers}) == 3
    assert post(path=paths[0]).content == answers[0].content


asked: list[str] = []


class Asking(Bare):
    """Asks another service before its transaction."""

    @ramet.idempotent(atomic=False)
    def post(self, request: Request) -> HttpResponse:
        asked.append("products")
        if request.data.get("forgets"):
            return Response(status=201)
        return commit(request, lambda: self._take(request))

    def _take(self, request: Request) -> Response:
        group = make()
        return Response({"id": group.pk}, status=request.data.get("answer", 201))


def test_a_view_may_ask_others_before_it_commits() -> None:
    asked.clear()
    first, second = (post(to=Asking.as_view()) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert (effects(), asked) == (1, ["products"])
    assert post({"other": 1}, to=Asking.as_view()).status_code == 422
    assert asked == ["products"], "neither a repetition nor a misuse asks again"


def test_of_two_requests_that_both_asked_the_second_gets_the_answer_of_the_first() -> None:
    class Overtaken(Asking):
        def _take(self, request: Request) -> Response:
            raise AssertionError("the other one has had the effect")

        @ramet.idempotent(atomic=False)
        def post(self, request: Request) -> HttpResponse:
            other.append(post(to=Asking.as_view()))
            return commit(request, lambda: self._take(request))

    other: list[Any] = []
    answer = post(to=Overtaken.as_view())
    assert answer.content == other[0].content
    assert effects() == 1


def test_what_commits_with_an_error_is_rolled_back() -> None:
    assert post({"answer": 409}, to=Asking.as_view()).status_code == 409
    assert (effects(), StoredResult.objects.count()) == (0, 0)


def test_a_view_that_forgets_to_commit_is_told() -> None:
    with pytest.raises(RuntimeError, match="without ramet"):
        post({"forgets": True}, to=Asking.as_view())


def test_committing_elsewhere_is_told() -> None:
    request = Request(HttpRequest())
    with pytest.raises(RuntimeError, match="atomic=False"):
        commit(request, lambda: Response())


class Optional(Bare):
    @ramet.idempotent(required=False)
    def post(self, request: Request) -> Response:
        return Response({"id": make().pk})

    @ramet.idempotent(required=False, atomic=False)
    def put(self, request: Request) -> HttpResponse:
        def take() -> Response:
            make()
            return Response(status=request.data["answer"])

        return commit(request, take)


def test_a_key_may_be_optional() -> None:
    to = Optional.as_view()
    assert post(to=to, key=None).content != post(to=to, key=None).content
    assert post(to=to).content == post(to=to).content
    assert effects() == 3
    for wish in (200, 409):
        request = APIRequestFactory().put("/", {"answer": wish}, format="json")
        assert to(request).status_code == wish
    assert effects() == 4


class Baskets(ViewSet):
    authentication_classes = ()
    permission_classes = ()

    @ramet.idempotent
    @action(detail=True, methods=["post"])
    def empty(self, request: Request, pk: str) -> Response:
        return Response({"basket": pk, "id": make().pk}, status=status.HTTP_202_ACCEPTED)


def test_an_action_of_a_viewset_can_be_marked() -> None:
    assert [each.url_path for each in Baskets.get_extra_actions()] == ["empty"]
    to = Baskets.as_view({"post": "empty"}, **Baskets.empty.kwargs)  # type: ignore[attr-defined]
    answers = [post(to=lambda request: to(request, pk="7")) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert json.loads(answers[0].content)["basket"] == "7"


def test_a_function_can_be_marked() -> None:
    @api_view(["POST"])
    @ramet.idempotent
    def place(request: Request) -> Response:
        return Response({"id": make().pk})

    place.cls.authentication_classes = place.cls.permission_classes = ()  # type: ignore[attr-defined]
    assert post(to=place).content == post(to=place).content
    assert effects() == 1


def test_an_asynchronous_view_cannot_be_marked() -> None:
    with pytest.raises(DiagnosticError, match="idempotent-async"):

        @ramet.idempotent  # type: ignore[type-var]
        async def place(request: Request) -> Response: ...


def test_a_wrong_option_is_told() -> None:
    with override_settings(RAMET_CALLS={"wait": 3}), pytest.raises(DiagnosticError) as caught:
        options()
    assert "keep_results, wait_for_first" in str(caught.value)
