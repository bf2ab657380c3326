"""The Django app: forgets the caller at both ends of every request, so that no thread keeps one."""

from django.apps import AppConfig
from django.core.signals import request_finished, request_started

__all__ = ["IdentityConfig"]


class IdentityConfig(AppConfig):
    """Has no models: who a user is, only the issuer stores."""

    name = "ramet.identity"
    label = "ramet_identity"
    verbose_name = "Ramet: identity"

    def ready(self) -> None:
        from ramet.identity.context import clear

        request_started.connect(clear, dispatch_uid="ramet.identity")
        request_finished.connect(clear, dispatch_uid="ramet.identity")
