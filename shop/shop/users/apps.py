"""Names the app for Django."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "shop.users"

    def ready(self) -> None:
        from shop.users.sign_in import sessions  # noqa: F401  # connects its receivers
