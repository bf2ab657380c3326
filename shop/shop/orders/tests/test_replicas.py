"""What orders knows of products and people by itself: as last told, and gone when they are."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

import ramet
from ramet.calls import stand_in
from ramet.events.brokers.shared_database import move
from ramet.events.heads import Heads
from ramet.events.inbox import work_off_one
from ramet.events.subscription import subscriptions
from ramet.events.surroundings import surroundings
from ramet.identity import User
from ramet.replicas import rebuilding
from ramet.replicas.audit import audit
from ramet.replicas.declaration import feed_of
from ramet.replicas.models import Tombstone
from shop.orders.models import Customer, Product
from shop.orders.services import orders_of
from shop.orders.tests.test_api import BODY, URL, post
from shop.products import services as products
from shop.products.contract import Products
from shop.products.models import Product as SourceProduct
from shop.products.services import Catalogue
from shop.users import services as users
from shop.users.models import User as Account

pytestmark = pytest.mark.django_db(transaction=True)

Api = Callable[[User | None], APIClient]


@pytest.fixture
def carol(transactional_db: None) -> Account:
    return users.register("carol", "carol@shop.example", "a rose is a rose")


@pytest.fixture
def spade(product: Callable[..., SourceProduct], transactional_db: None) -> SourceProduct:
    return product("SPADE", name="Spade", price="12.50", stock=9)


def deliver() -> None:
    """As a worker does."""
    while move(surroundings()):
        pass
    heads = Heads([each.handler for each in subscriptions()])
    while (outcome := work_off_one(heads)) is not None:
        assert outcome == 0


def shown(api: Api, person: User, order: Any) -> Any:
    return api(person).get(f"{URL}{order.json()['id']}/").json()


def test_an_order_shows_the_names_of_its_products_and_its_customer(
    api: Api, person: Callable[..., User], carol: Account, spade: SourceProduct
) -> None:
    deliver()
    me = person(id=carol.pk)
    placed = post(api(me))
    order = shown(api, me, placed)
    assert order["lines"] == [{"sku": "SPADE", "quantity": 2, "name": "Spade"}]
    assert order["customer"] == "carol"
    assert post(api(me)).json() == placed.json(), "a repetition has no other answer"


def test_a_new_name_is_shown_soon(
    api: Api, person: Callable[..., User], carol: Account, spade: SourceProduct
) -> None:
    me = person(id=carol.pk)
    order = post(api(me))
    products.change(spade.pk, {"name": "Garden spade"})
    users.change_profile(carol, {"first_name": "Carol", "last_name": "Crane"})
    deliver()
    assert shown(api, me, order)["lines"][0]["name"] == "Garden spade"
    assert shown(api, me, order)["customer"] == "Carol Crane"


def test_an_account_that_is_closed_vanishes_from_the_copies(
    person: Callable[..., User], carol: Account, spade: SourceProduct, api: Api
) -> None:
    me = person(id=carol.pk)
    order = post(api(me))
    deliver()
    assert Customer.objects.filter(pk=carol.pk, name="carol").exists()
    Account.objects.filter(username="carol").delete()  # however it is done
    deliver()
    assert not Customer.objects.exists()
    assert "carol" not in str(list(Tombstone.objects.values()))
    assert shown(api, me, order)["customer"] is None


def test_an_account_that_changed_after_it_was_read_for_its_end_vanishes_too(
    carol: Account,
) -> None:
    read_before = Account.objects.get(pk=carol.pk)
    users.change_profile(carol, {"first_name": "Carol"})
    users.change_profile(carol, {"last_name": "Crane"})
    deliver()
    assert Customer.objects.get().name == "Carol Crane"
    read_before.delete()
    deliver()
    assert not Customer.objects.exists()


def test_a_product_that_changed_after_it_was_read_for_its_end_is_forgotten_too(
    spade: SourceProduct,
) -> None:
    read_before = SourceProduct.objects.get(pk=spade.pk)
    products.change(spade.pk, {"name": "Garden spade"})
    products.change(spade.pk, {"name": "Old spade"})
    deliver()
    read_before.delete()
    deliver()
    assert not Product.objects.exists()


def test_nothing_changes_between_the_last_version_and_the_delete(
    carol: Account, at_once: Callable[..., list[Any]]
) -> None:
    def act(number: int) -> None:
        if number == 5:
            users.close_account("carol")
            return
        with suppress(Account.DoesNotExist):
            users.change_profile(carol, {"first_name": f"Carol {number}"})

    assert at_once(act, range(10)) == [None] * 10
    deliver()
    assert not Customer.objects.exists()


def test_an_account_that_is_closed_twice_is_gone(carol: Account) -> None:
    again = Account.objects.get(pk=carol.pk)
    assert users.close_account("carol")
    again.delete()
    deliver()
    assert not Customer.objects.exists()


def test_a_product_that_is_gone_is_forgotten(spade: SourceProduct) -> None:
    deliver()
    assert Product.objects.get().sku == "SPADE"
    spade.delete()
    deliver()
    assert not Product.objects.exists()


def test_stock_is_nothing_that_is_told(spade: SourceProduct) -> None:
    products.change(spade.pk, {"stock": 3})
    assert SourceProduct.objects.get().version == 1


def test_a_known_product_is_ordered_without_asking_products(
    api: Api, alice: User, spade: SourceProduct
) -> None:
    deliver()

    class Away(Catalogue):
        def find(self, skus: list[str]) -> Any:
            raise AssertionError(f"asked for {skus}")

    with stand_in(Products, Away):
        assert post(api(alice)).status_code == 202


def test_a_product_that_is_too_new_to_be_known_is_asked_for(
    api: Api, alice: User, spade: SourceProduct
) -> None:
    assert not Product.objects.exists()
    assert post(api(alice)).status_code == 202
    unknown = BODY | {"lines": [{"sku": "UNICORN", "quantity": 1}]}
    assert post(api(alice), unknown, key="key-2").status_code == 422


@pytest.mark.parametrize("replica", [Product, Customer])
def test_a_rebuild_brings_what_was_there_before_any_event(
    replica: type[ramet.Replica], carol: Account, spade: SourceProduct
) -> None:
    feed = feed_of(replica)
    assert not replica.is_ready()
    assert rebuilding.run(feed) == {"pages": 1, "rows": 1}
    assert replica.is_ready()
    assert audit(feed, settle=0).differences == 0


def test_the_export_has_every_row_once_over_all_pages(
    product: Callable[..., SourceProduct],
    monkeypatch: pytest.MonkeyPatch,
    transactional_db: None,
) -> None:
    monkeypatch.setattr("shop.pagination.EXPORT_SIZE", 2)
    for number in range(5):
        product(f"P{number}")
    assert rebuilding.run(feed_of(Product)) == {"pages": 3, "rows": 5}
    with pytest.raises(ramet.Refused):
        ramet.client(Products).export("nonsense")


def test_names_cost_no_query_an_order(
    api: Api,
    alice: User,
    spade: SourceProduct,
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    deliver()
    for number in range(3):
        post(api(alice), key=str(number))
    with django_assert_num_queries(3):
        found = list(orders_of(UUID(str(alice.id))))
        assert [line.name for order in found for line in order.lines.all()] == ["Spade"] * 3
