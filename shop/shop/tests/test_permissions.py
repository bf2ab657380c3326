"""A program with a token of its own is nobody's customer."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

import ramet
from ramet.identity import User, use_token
from shop.orders.contract import Orders

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["orders/", f"orders/{uuid4()}/", "payments/", "users/me/"], ids=lambda path: path[:9]
)
def test_what_belongs_to_people_is_forbidden_to_programs(
    api: Callable[[User], APIClient], person: Callable[..., User], path: str
) -> None:
    answer = api(person(id="a-program")).get(f"/api/v1/{path}")
    assert (answer.status_code, answer["content-type"]) == (403, "application/problem+json")


def test_a_program_orders_nothing_by_contract_either(person: Callable[..., User]) -> None:
    with use_token(person(id="a-program").claims.token), pytest.raises(ramet.Forbidden):
        ramet.client(Orders).mine()
