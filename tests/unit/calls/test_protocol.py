"""Errors on the wire: the form that Connect prescribes, and answers that are not of ours."""

import json
from base64 import b64decode
from uuid import UUID

import pytest

import ramet
from ramet.calls import (
    DeadlineExceeded,
    Forbidden,
    InvalidArgument,
    InvalidResult,
    RemoteError,
    RemoteFault,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from ramet.calls.protocol import decode_error, encode_error, http_status


class Sold(ramet.Refused):
    order_id: UUID


class Shop(ramet.Contract, version=1):
    @ramet.operation
    def sell(self) -> None:
        """Sell."""


SELL = Shop.__ramet__.operations["sell"]


def test_a_refusal_has_the_form_of_a_connect_error() -> None:
    error = json.loads(encode_error(Sold(UUID(int=7))))
    (detail,) = error["details"]
    assert error["code"] == "failed_precondition"
    assert error["message"].startswith("Sold(order_id=")
    assert detail["type"] == f"{__name__}.Sold"
    assert "=" not in detail["value"]
    padded = detail["value"] + "=" * (-len(detail["value"]) % 4)
    assert json.loads(b64decode(padded)) == detail["debug"] == {"order_id": str(UUID(int=7))}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Sold(UUID(int=7)), 400),
        (InvalidArgument("too many", path="lines[0]"), 400),
        (Unauthenticated("x"), 401),
        (Forbidden("x"), 403),
        (TooLarge("x"), 413),
        (RemoteFault(error_id="e1"), 500),
        (InvalidResult("x"), 500),
        (Unimplemented("x"), 501),
        (Unavailable("x"), 503),
        (DeadlineExceeded("x"), 504),
    ],
)
def test_every_error_returns_as_what_it_was(error: RemoteError, status: int) -> None:
    assert http_status(error) == status
    returned = decode_error(status, encode_error(error), SELL)
    assert type(returned) is type(error)
    assert returned.message == error.message
    assert returned.operation == f"{__name__}.v1.Shop.sell"


def test_the_details_of_an_error_return() -> None:
    argument = decode_error(400, encode_error(InvalidArgument("many", path="a[0]")), SELL)
    fault = decode_error(500, encode_error(RemoteFault(error_id="e1")), SELL)
    assert isinstance(argument, InvalidArgument)
    assert isinstance(fault, RemoteFault)
    assert (argument.path, argument.problem, fault.error_id) == ("a[0]", "many", "e1")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RemoteError),
        (401, Unauthenticated),
        (403, Forbidden),
        (404, Unimplemented),
        (413, TooLarge),
        (429, Unavailable),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
    ],
)
@pytest.mark.parametrize("body", [b"", b"upstream connect error", b"<html>", b"[]", b"{}", b"\xff"])
def test_an_answer_that_is_not_ours_is_judged_by_its_status(
    status: int, expected: type[RemoteError], body: bytes
) -> None:
    error = decode_error(status, body, SELL)
    assert type(error) is expected
    assert str(status) in error.message


@pytest.mark.parametrize(
    "details",
    [
        [],
        [{"type": "other.Refusal", "value": "not base64!"}],
        [{"type": "other.Refusal", "value": "CgNhYmM"}],
    ],
)
def test_a_refusal_of_another_programs_making_is_still_a_refusal(details: list[object]) -> None:
    body = {"code": "failed_precondition", "message": "no", "details": details, "later": 1}
    error = decode_error(400, json.dumps(body).encode(), SELL)
    assert type(error) is ramet.Refused
    assert (error.message, error.fields) == ("no", {})


def test_a_refusal_that_lacks_a_field_is_a_typed_error() -> None:
    body = {
        "code": "failed_precondition",
        "details": [{"type": f"{__name__}.Sold", "value": "e30"}],
    }
    error = decode_error(400, json.dumps(body).encode(), SELL)
    assert type(error) is InvalidResult
    assert "order_id" in error.message


def test_a_code_that_a_newer_peer_has_is_a_remote_error() -> None:
    error = decode_error(409, b'{"code":"aborted","message":"try again"}', SELL)
    assert (type(error), error.message) == (RemoteError, "try again")
