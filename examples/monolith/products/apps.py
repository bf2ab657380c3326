"""The app."""

from django.apps import AppConfig


class ProductsConfig(AppConfig):
    name = "products"

    def ready(self):
        from products import signals  # noqa: F401
