"""Where the storefront's pages are: whatever address no other service claims.

All are public on purpose: who has not signed in may look and fill a basket, and what is somebody's
own the pages show by the session of who asks.
"""

from django.urls import path

import ramet

from .pages import account, basket, catalogue, checkout, orders

app_name = "storefront"

urlpatterns = ramet.public(
    [
        path("", catalogue.catalogue, name="catalogue"),
        path("products/<str:sku>/", catalogue.product, name="product"),
        path("basket/", basket.basket, name="basket"),
        path("basket/add/", basket.add, name="basket-add"),
        path("basket/change/", basket.change, name="basket-change"),
        path("checkout/", checkout.checkout, name="checkout"),
        path("orders/", orders.orders, name="orders"),
        path("orders/<uuid:order_id>/", orders.order, name="order"),
        path("orders/<uuid:order_id>/status/", orders.status, name="order-status"),
        path("orders/<uuid:order_id>/cancel/", orders.cancel, name="order-cancel"),
        path("auth/sign-in/", account.sign_in, name="sign-in"),
        path("auth/sign-up/", account.sign_up, name="sign-up"),
        path("auth/callback/", account.callback, name="callback"),
        path("auth/sign-out/", account.sign_out, name="sign-out"),
    ]
)
