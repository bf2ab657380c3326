"""What a client reads when a request to a DRF view fails."""

import json
import sys
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from ramet import calls, problems

requests = APIRequestFactory()


class OutOfStock(calls.Refused):
    sku: str


class Line(serializers.Serializer[Any]):
    sku = serializers.CharField()
    quantity = serializers.IntegerField(min_value=1)
    tags = serializers.ListField(child=serializers.IntegerField(), required=False)


class Order(serializers.Serializer[Any]):
    lines = Line(many=True)
    token = serializers.CharField()
    currency = serializers.ChoiceField(["EUR"], required=False)

    def validate(self, attrs: Any) -> Any:
        if attrs["token"] == "mismatch":
            raise serializers.ValidationError("Token and lines do not match.")
        return attrs


class Api(APIView):
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    parser_classes = [JSONParser]
    raises: Exception | None = None

    def get_exception_handler(self) -> Any:
        return problems.exception_handler

    def post(self, request: Request) -> Response:
        if self.raises is not None:
            raise self.raises
        order = Order(data=request.data)
        order.is_valid(raise_exception=True)
        return Response(order.data)


def post(body: Any = None, *, raises: Exception | None = None, **extra: Any) -> HttpResponse:
    text = body if isinstance(body, str | bytes) else json.dumps(body or {})
    kind = extra.pop("content_type", "application/json")
    request = requests.post("/api/orders/", text, content_type=kind, **extra)
    return Api.as_view(raises=raises)(request).render()


def read(response: HttpResponse) -> dict[str, Any]:
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(response.content)
    assert document["status"] == response.status_code
    return document


def errors_of(response: HttpResponse) -> dict[str, str]:
    return {error["path"]: error["detail"] for error in read(response)["errors"]}


def test_a_field_error_names_the_path_of_the_item() -> None:
    lines = [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 0}]
    response = post({"lines": lines, "token": "t"})
    assert errors_of(response) == {
        "lines[1].quantity": "Ensure this value is greater than or equal to 1."
    }
    assert read(response)["code"] == "validation-error"


def test_an_error_in_a_list_of_a_list_names_both_positions() -> None:
    lines = [{"sku": "A", "quantity": 1, "tags": [1, "x"]}]
    assert errors_of(post({"lines": lines, "token": "t"})) == {
        "lines[0].tags[1]": "A valid integer is required."
    }


def test_all_field_errors_are_reported_together() -> None:
    assert set(errors_of(post({"lines": [{}]}))) == {"lines[0].sku", "lines[0].quantity", "token"}


def test_an_error_may_quote_what_no_answer_can_carry() -> None:
    body = {"lines": [], "token": "t", "currency": "\ud800"}
    assert errors_of(post(body)) == {"currency": '"\\ud800" is not a valid choice.'}


def test_an_error_of_the_whole_body_has_an_empty_path_and_is_the_detail() -> None:
    response = post({"lines": [{"sku": "A", "quantity": 1}], "token": "mismatch"})
    assert errors_of(response) == {"": "Token and lines do not match."}
    assert read(response)["detail"] == "Token and lines do not match."


def test_a_body_that_is_not_an_object_is_a_400() -> None:
    assert "" in errors_of(post("[1, 2]"))


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"a": NaN}'])
def test_a_body_that_is_not_json_is_a_400_that_says_so(body: bytes) -> None:
    document = read(post(body))
    assert document["status"] == 400
    assert document["detail"].startswith("JSON parse error")
    assert document["code"] == "parse-error"


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"lines":' * 100_000])
def test_a_body_nested_beyond_the_stack_is_a_400_that_says_so(body: bytes) -> None:
    document = read(post(body))
    assert (document["status"], document["code"]) == (400, "nested-too-deeply")


def test_a_body_that_only_just_fits_the_stack_is_a_400_too() -> None:
    # Parsed with little left: the fields, which quote what they refuse, then go over the end.
    codes = set()
    for depth in range(sys.getrecursionlimit() - 200, sys.getrecursionlimit()):
        deep = "[" * depth + "]" * depth
        response = post(f'{{"lines": [{{"sku": "A", "quantity": {deep}}}], "token": {deep}}}')
        assert response.status_code == 400
        codes.add(read(response)["code"])
    assert codes <= {"validation-error", "nested-too-deeply"}
    # From Python 3.12 on, the parser, which is C, has a limit of its own, further away.
    assert sys.version_info >= (3, 12) or len(codes) == 2


def test_a_recursion_without_end_of_our_own_is_a_bug_like_any_other() -> None:
    with pytest.raises(RecursionError):
        post({"lines": [], "token": "t"}, raises=RecursionError())


def test_another_content_type_is_a_415() -> None:
    assert read(post("x", content_type="text/csv"))["status"] == 415


def test_another_method_is_a_405_that_keeps_the_allow_header() -> None:
    response = Api.as_view()(requests.delete("/api/orders/")).render()
    assert read(response)["status"] == status.HTTP_405_METHOD_NOT_ALLOWED
    assert response["Allow"] == "POST, OPTIONS"


def test_a_missing_token_keeps_the_challenge() -> None:
    class Token(BaseAuthentication):
        def authenticate(self, request: Request) -> None:
            return None

        def authenticate_header(self, request: Request) -> str:
            return 'Bearer realm="shop"'

    view = Api.as_view(authentication_classes=[Token], permission_classes=[IsAuthenticated])
    response = view(requests.post("/api/orders/")).render()
    assert read(response)["status"] == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="shop"'


def test_a_throttled_client_is_told_when_to_return() -> None:
    response = post(raises=Throttled(wait=7))
    assert read(response)["status"] == 429
    assert response["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Http404("no such order"), 404),
        (PermissionDenied(), 403),
        (AuthenticationFailed("expired"), 403),  # without a challenge DRF answers 403
    ],
)
def test_errors_of_django_and_drf_become_problems(error: Exception, expected: int) -> None:
    assert read(post(raises=error))["status"] == expected


def test_a_bug_is_not_dressed_up_as_a_problem() -> None:
    with pytest.raises(ZeroDivisionError):
        post(raises=ZeroDivisionError())


def test_the_problem_names_the_request() -> None:
    document = read(post({}, HTTP_X_REQUEST_ID="abc"))
    assert document["instance"] == "/api/orders/"
    assert document["request_id"] == "abc"


def test_a_client_that_asks_for_another_format_still_gets_a_problem() -> None:
    assert read(post({}, HTTP_ACCEPT="text/csv"))["status"] == 406


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (calls.Refused("no"), 409),
        (calls.Forbidden("no"), 403),
        (calls.Unauthenticated("expired"), 401),
        (calls.InvalidArgument("must be positive"), 400),
        (calls.TooLarge("2 MiB"), 413),
        (calls.Unavailable("10.0.0.7 refused"), 503),
        (calls.DeadlineExceeded("slow"), 504),
        (calls.RemoteFault(error_id="7"), 502),
        (calls.Unimplemented("no such operation"), 502),
    ],
)
def test_a_remote_error_becomes_the_status_that_tells_whose_fault_it_is(
    error: Exception, expected: int
) -> None:
    assert read(post(raises=error))["status"] == expected


def test_an_argument_that_a_contract_does_not_accept_is_named_by_its_path() -> None:
    error = calls.InvalidArgument("must be positive", path="lines[0].quantity")
    assert errors_of(post(raises=error)) == {"lines[0].quantity": "must be positive"}


def test_a_refusal_that_a_contract_declares_is_named() -> None:
    document = read(post(raises=OutOfStock(sku="LAMP-1")))
    assert (document["status"], document["code"]) == (409, "out-of-stock")
    assert document["fields"] == {"sku": "LAMP-1"}


def test_what_an_unavailable_service_said_is_not_shown() -> None:
    assert "10.0.0.7" not in json.dumps(read(post(raises=calls.Unavailable("10.0.0.7 refused"))))


def test_a_class_of_the_same_name_elsewhere_is_a_bug_like_any_other() -> None:
    other = type("Unavailable", (Exception,), {"__module__": "somebody.else"})
    with pytest.raises(other):
        post(raises=other())


def test_plain_django_views_answer_with_the_same_document() -> None:
    response = problems.not_found(requests.get("/nowhere"), Http404())
    assert read(response)["detail"] == "There is nothing at /nowhere."


def test_a_plain_refusal_says_its_own_words() -> None:
    document = read(post(raises=calls.Refused("the shop is closed")))
    assert (document["code"], document["detail"]) == ("refused", "the shop is closed")
