"""Names the app for Django."""

from django.apps import AppConfig


class ProductsConfig(AppConfig):
    name = "shop.products"
