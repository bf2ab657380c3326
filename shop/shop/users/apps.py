"""Names the app for Django."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "shop.users"
