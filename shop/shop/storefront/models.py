"""What the storefront remembers: who signed in, with which tokens.

Tokens live here and not in the session, because a session is loaded and saved as a whole by every
request at once, and a refresh token may be used only once (RFC 9700, section 4.14).
"""

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

# Refreshed so long before its end that no request carries a token that ends on the way.
REFRESH_AHEAD = timedelta(seconds=60)
# Longer than the back channel's timeout: whoever holds the lease has then certainly given up.
REFRESH_LEASE = timedelta(seconds=15)
FORGOTTEN_AFTER = timedelta(days=30)


class SignIn(models.Model):
    """One browser's sign-in: the session holds its id, this row the tokens."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.CharField(max_length=255)
    username = models.CharField(max_length=255)
    access_token = models.TextField()
    refresh_token = models.TextField(blank=True)
    id_token = models.TextField()
    expires_at = models.DateTimeField(help_text="when the access token ends")
    refreshing_until = models.DateTimeField(null=True, help_text="the lease of a refresh under way")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["expires_at"])]

    def __str__(self) -> str:
        return f"{self.username} since {self.created_at:%Y-%m-%d %H:%M}"

    def claim_refresh(self) -> bool:
        """Take the lease for refreshing these very tokens; False: another request was faster.

        One UPDATE decides between threads, processes and machines; no transaction stays open while
        the provider is asked.
        """
        free = Q(refreshing_until=None) | Q(refreshing_until__lt=Now())
        claimed = SignIn.objects.filter(free, pk=self.pk, refresh_token=self.refresh_token).update(
            refreshing_until=Now() + REFRESH_LEASE
        )
        return bool(claimed)

    @staticmethod
    def forget_old() -> None:
        """Delete what no browser can use any more."""
        SignIn.objects.filter(expires_at__lt=Now() - FORGOTTEN_AFTER).delete()


__all__ = ["REFRESH_AHEAD", "SignIn"]
