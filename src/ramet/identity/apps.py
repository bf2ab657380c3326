"""The Django app: connects identity with the requests of this process, and hardens the provider."""

from django.apps import AppConfig, apps
from django.core.signals import request_finished, request_started

__all__ = ["IdentityConfig"]


class IdentityConfig(AppConfig):
    """Has no models: who a user is, only the issuer stores."""

    name = "ramet.identity"
    label = "ramet_identity"
    verbose_name = "Ramet: identity"

    def ready(self) -> None:
        """Forget the caller at both ends of every request, so that no thread keeps one.

        In a placed project views are checked, and where the issuer lives here, OAUTH2_PROVIDER is
        completed with safe values and a new password ends the tokens of before.
        """
        from django.conf import settings as django_settings
        from django.core.checks import register

        from ramet.identity import context
        from ramet.identity.checks import check_public_views, check_scopes
        from ramet.identity.provider_settings import harden
        from ramet.identity.settings import settings

        request_started.connect(context.clear, dispatch_uid="ramet.identity.started")
        request_finished.connect(context.clear, dispatch_uid="ramet.identity.finished")
        is_placed = hasattr(django_settings, "RAMET")
        if is_placed:
            register(check_public_views, "ramet")
            register(check_scopes, "ramet")
        if is_placed and apps.is_installed("oauth2_provider"):
            accepted = settings()
            if accepted.signing_keys is not None:
                harden(accepted)
                from ramet.identity.provider.new_passwords import end_tokens_with_passwords

                end_tokens_with_passwords()
