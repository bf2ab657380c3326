"""Addresses of the pages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from storefront import views

app_name = "storefront"

urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("products/<str:sku>/", views.product, name="product"),
    path("products/<str:sku>/review/", views.review, name="review"),
    path("basket/", views.basket, name="basket"),
    path("checkout/", views.checkout, name="checkout"),
    path("address/", views.address, name="address"),
    path("orders/", views.order_list, name="orders"),
    path("orders/<uuid:pk>/", views.order, name="order"),
    path("orders/<uuid:pk>/cancel/", views.cancel, name="cancel"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("sign-in/", LoginView.as_view(template_name="storefront/sign_in.html"), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
]
