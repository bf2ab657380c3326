"""A purchase, from the basket to the letter, and how it is undone."""

import json
from decimal import Decimal

from django.core import mail
from django.test import TestCase, override_settings
from rest_framework.test import APIClient

from core.models import Note
from orders.models import Coupon, Order
from orders.tasks import expire_pending
from payments import ledger
from payments.models import Payment
from payments.views import signature
from products import stock
from products.models import Category, Product, Review
from products.tasks import count_stock
from users.models import User
from users.services import add_address, close_account, register

ADDRESS = {"name": "Alice", "street": "1 Elm Row", "postcode": "D01", "city": "Dublin"}


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class Purchase(TestCase):
    def setUp(self):
        with self.captureOnCommitCallbacks(execute=True):
            self.alice = register("alice", "alice@example.com", "grove-demo")
        self.address = add_address(self.alice, **ADDRESS)
        tools = Category.objects.create(name="Tools")
        self.trowel = Product.objects.create(
            sku="TL-101", name="Trowel", category=tools, price=Decimal("18.50")
        )
        stock.supply(self.trowel, 10)
        self.api = APIClient()
        self.api.force_login(self.alice)

    def buy(self, quantity=2, token="tok_ok", **more):
        wanted = {"lines": [{"sku": "TL-101", "quantity": quantity}], "payment_token": token}
        with self.captureOnCommitCallbacks(execute=True):
            return self.api.post("/api/v1/orders/", wanted | more, format="json")

    def left(self):
        self.trowel.refresh_from_db()
        self.assertEqual(count_stock(), [])
        return self.trowel.stock

    def test_what_is_bought_is_paid_taken_from_the_stock_and_confirmed_by_mail(self):
        answer = self.buy()
        self.assertEqual(answer.status_code, 201, answer.content)
        self.assertEqual(answer.json()["status"], "confirmed")
        self.assertEqual(answer.json()["total"], {"amount": "37.00", "currency": "EUR"})
        self.assertEqual(self.left(), 8)
        self.assertEqual(ledger.balance("shop"), Decimal(37))
        self.assertEqual(self.alice.spent(), Decimal(37))
        self.assertEqual([m.subject for m in mail.outbox], ["Welcome to Grove", "Your order"])
        self.assertIn("2 x Trowel, €37.00", mail.outbox[1].body)

    def test_a_coupon_takes_off_its_share_of_its_categories(self):
        coupon = Coupon.objects.create(code="SPRING", percent=10)
        coupon.categories.add(self.trowel.category)
        answer = self.buy(coupon="spring")
        self.assertEqual(answer.json()["total"]["amount"], "33.30")

    def test_nothing_is_kept_of_an_order_whose_card_is_declined(self):
        self.assertEqual(self.buy(token="tok_declined").status_code, 402)
        self.assertEqual(self.left(), 10)
        self.assertFalse(Order.objects.exists())
        self.assertFalse(Payment.objects.exists())

    def test_no_more_is_sold_than_there_is(self):
        self.assertEqual(self.buy(quantity=11).status_code, 409)
        self.assertEqual(self.left(), 10)

    @override_settings(MANAGERS=[("Clerk", "clerk@example.com")])
    def test_the_managers_hear_of_what_is_running_out(self):
        self.buy(quantity=7)
        self.assertIn("TL-101 Trowel: 3 left, 7 sold", mail.outbox[-1].body)

    def test_a_cancelled_order_gives_back_stock_and_money(self):
        order = self.buy().json()["id"]
        answer = self.api.post(f"/api/v1/orders/{order}/cancel/")
        self.assertEqual(answer.json()["status"], "cancelled")
        self.assertEqual(answer.json()["payments"][0]["refunded"]["amount"], "37.00")
        self.assertEqual(self.left(), 10)
        self.assertEqual(ledger.balance("shop"), 0)
        self.assertEqual(self.api.post(f"/api/v1/orders/{order}/cancel/").status_code, 409)

    def test_an_order_whose_money_the_bank_takes_back_is_cancelled(self):
        self.buy()
        payment = Payment.objects.get()
        told = {"id": "1", "type": "payment.reversed", "reference": payment.reference}
        body = json.dumps(told).encode()
        for sign, status in (("wrong", 401), (signature(body), 204), (signature(body), 204)):
            answer = self.client.post(
                "/api/v1/payments/webhooks/sandbox/",
                body,
                content_type="application/json",
                headers={"Signature": sign},
            )
            self.assertEqual(answer.status_code, status)
        payment.order.refresh_from_db()
        self.assertEqual(payment.order.reason, "by_bank")
        self.assertEqual(payment.notes.get().text, "reversed by sandbox")
        self.assertEqual(self.left(), 10)

    def test_what_is_never_paid_expires(self):
        order = Order.objects.create(customer=self.alice, address=self.address)
        self.assertEqual(expire_pending(), 0)
        Order.objects.update(created_at="2026-01-01T00:00Z")
        self.assertEqual(expire_pending(), 1)
        order.refresh_from_db()
        self.assertEqual(order.reason, "expired")

    def test_a_review_of_a_buyer_says_so_and_counts_for_the_rating(self):
        self.buy()
        answer = self.api.post("/api/v1/products/TL-101/review/", {"rating": 4, "text": "Digs."})
        self.assertEqual((answer.status_code, answer.json()["is_buyer"]), (201, True))
        self.assertEqual(self.api.get("/api/v1/products/TL-101/").json()["rating"], "4.00")

    def test_closing_an_account_cancels_what_is_open_and_forgets_the_words(self):
        self.buy()
        Review.objects.create(product=self.trowel, user=self.alice, rating=1, text="Mine!")
        close_account(self.alice)
        self.assertEqual(Order.objects.get().status, "cancelled")
        self.assertEqual(Review.objects.get().text, "")
        self.assertEqual(self.alice.addresses.get().is_retired, True)

    def test_the_pages_lead_from_the_catalogue_to_an_order(self):
        self.client.force_login(self.alice)
        self.assertContains(self.client.get("/"), "Trowel")
        self.client.post("/basket/", {"sku": "TL-101", "quantity": 3})
        self.assertContains(self.client.get("/basket/"), "€55.50")
        self.assertContains(self.client.get("/checkout/"), "Elm Row")
        sent = {"address": self.address.pk, "payment_token": "tok_ok"}
        page = self.client.post("/checkout/", sent, follow=True)
        self.assertContains(page, "Captured: €55.50")
        self.assertContains(self.client.get("/orders/"), "Confirmed")
        page = self.client.post(page.request["PATH_INFO"] + "cancel/", follow=True)
        self.assertContains(page, "of which €55.50 went back")
        self.client.post("/products/TL-101/review/", {"rating": 5})
        self.assertContains(self.client.get("/products/TL-101/"), "Reviews")

    def test_staff_see_everything_in_the_admin(self):
        self.buy()
        clerk = User.objects.create_superuser("clerk", "clerk@example.com", "grove-demo")
        self.client.force_login(clerk)
        order = Order.objects.get()
        self.client.post(
            "/admin/orders/order/", {"action": "cancel", "_selected_action": [str(order.pk)]}
        )
        self.assertEqual(Note.objects.get().text, "cancelled by clerk")
        for page in (
            f"/admin/orders/order/{order.pk}/change/",
            f"/admin/products/product/{self.trowel.pk}/change/",
            f"/admin/users/user/{self.alice.pk}/change/",
            f"/admin/payments/payment/{Payment.objects.get().pk}/change/",
            "/admin/orders/order/?q=TL-101",
            "/admin/payments/payment/?q=Dublin",
            "/dashboard/",
            "/api/v1/products/sales/",
        ):
            self.assertEqual(self.client.get(page).status_code, 200, page)
