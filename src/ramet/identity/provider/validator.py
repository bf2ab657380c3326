"""The rules of each grant: the toolkit's, and those that it leaves open.

What is added, with its source:

- a refresh token is good once, also for two requests at the same moment (RFC 9700, section 4.14.2);
- a code that comes back ends what it has given, also at the same moment (RFC 6749, section 4.1.2);
- a code challenge is one: an empty one counts as given, and would protect nothing;
- codes come in the query, where no script of the client's page reads them;
- a device code is good once, for the client that asked for it, until it expires (RFC 8628, 3.5);
- people who were deactivated get no new tokens;
- a program gets a token for itself only by proving that it is itself (RFC 6749, section 4.4);
- what is refused is named.
"""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from django.utils import timezone
from jwcrypto import jws
from oauth2_provider.models import (
    get_application_model,
    get_device_grant_model,
    get_refresh_token_model,
)
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.scopes import get_scopes_backend
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.utils import jwk_from_pem
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant

from ramet.identity.provider.granting import scopes_of

__all__ = ["Validator", "shown"]

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
# What error_description may hold (RFC 6749, section 4.1.2.1).
_UNSPEAKABLE = re.compile(r'[^\x20-\x7e]|["\\]')


class Validator(OAuth2Validator):  # type: ignore[misc]  # the toolkit is not typed
    """OAUTH2_VALIDATOR_CLASS.

    To decide otherwise who may have which scope, subclass it, override `allowed_scopes` and name
    the subclass as OAUTH2_VALIDATOR_CLASS.
    """

    @staticmethod
    def allowed_scopes(user: Any) -> frozenset[str]:
        """See `scopes_of`."""
        return scopes_of(user)

    # ── what a request may ask for ────────────────────────────────────────────────────────────

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """See the toolkit: equal to a registered one, but for the port of a loopback address."""
        if super().validate_redirect_uri(client_id, redirect_uri, request, *args, **kwargs):
            return True
        raise errors.MismatchingRedirectURIError(
            description=f"The redirect_uri {shown(redirect_uri)} is not registered for the client "
            f"{shown(client_id)}.",
            request=request,
        )

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """See the toolkit, which would also answer in the fragment, as nobody here has asked it to.

        What is supported is what the metadata says: `response_modes_supported`.
        """
        if request.response_mode not in (None, "query"):
            raise errors.InvalidRequestError(
                description=f"No such response_mode: {shown(request.response_mode)}. It is query.",
                request=request,
            )
        allowed = super().validate_response_type(
            client_id, response_type, client, request, *args, **kw
        )
        return bool(allowed)

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        """See the toolkit. Asked of authorization requests, and of codes without a challenge."""
        challenge = request.code_challenge
        if challenge is not None and _CHALLENGE.fullmatch(challenge) is None:
            raise errors.InvalidRequestError(
                description="A code_challenge has 43 characters, by S256 (RFC 7636, section 4.2).",
                request=request,
            )
        return bool(super().is_pkce_required(client_id, request))

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """See the toolkit."""
        if super().validate_scopes(client_id, scopes, client, request, *args, **kw):
            return True
        known = get_scopes_backend().get_available_scopes(application=client, request=request)
        unknown = ", ".join(shown(scope) for scope in scopes if scope not in known)
        raise errors.InvalidScopeError(
            description=f"No such scope: {unknown}. There are: {', '.join(sorted(known))}.",
            request=request,
        )

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """See the toolkit. Client credentials are those of a client that has some."""
        allowed = super().validate_grant_type(client_id, grant_type, client, request, *args, **kw)
        has_secret = request.client.client_type == get_application_model().CLIENT_CONFIDENTIAL
        return bool(allowed) and (grant_type != "client_credentials" or has_secret)

    def validate_silent_login(self, request: Any) -> bool:
        """For `prompt=none`: the view has turned away whoever is not signed in."""
        return True

    def validate_silent_authorization(self, request: Any) -> bool:
        """For `prompt=none`: only clients whose users are never asked for consent."""
        return bool(request.client.skip_authorization)

    # ── what is good once ─────────────────────────────────────────────────────────────────────

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """See the toolkit."""
        valid = super().validate_refresh_token(refresh_token, client, request, *args, **kwargs)
        return bool(valid) and (request.user is None or request.user.is_active)

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """See the toolkit. A code that is gone has been used: one of the two is a thief."""
        valid = super().validate_code(client_id, code, client, request, *args, **kwargs)
        if not valid:
            get_refresh_token_model().revoke_family(_family_of(code))
        return bool(valid) and request.user.is_active

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """See the toolkit. Here too, a code that is gone has been used: at this very moment.

        Both requests have found it then, and have got tokens for it.
        """
        try:
            super().invalidate_authorization_code(client_id, code, request, *args, **kwargs)
        except errors.InvalidGrantError:
            get_refresh_token_model().revoke_family(_family_of(code))
            raise

    def validate_device_code(self, client_id: str, device_code: str, request: Any) -> str | None:
        """Where a device's request stands, as RFC 8628, section 3.5 names it; None: there is none.

        A device that asks more often than the interval that it was told is told to slow down.
        """
        found = get_device_grant_model().objects.filter(
            device_code=device_code, client_id=client_id
        )
        device = found.first()
        if device is None:
            return None
        if device.is_expired():
            return str(DeviceCodeGrant.DEVICE_CODE_EXPIRED)
        asked_before = device.last_checked
        found.update(last_checked=timezone.now())
        if device.status == device.DENIED:
            return str(DeviceCodeGrant.DEVICE_CODE_DENIED)
        if device.status == device.AUTHORIZED and device.user.is_active:
            request.user = device.user
            request.scopes = device.scope.split()
            return str(DeviceCodeGrant.DEVICE_CODE_AUTHORIZED)
        # Half the interval: networks bring some requests closer together than they were sent.
        if timezone.now() - asked_before < timedelta(seconds=device.interval / 2):
            return str(DeviceCodeGrant.DEVICE_CODE_SLOW_DOWN)
        return str(DeviceCodeGrant.DEVICE_CODE_PENDING)

    def save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        """See the toolkit. A refresh token that two requests use ends its family, as a replay."""
        try:
            return super().save_bearer_token(token, request, *args, **kwargs)
        except _Reused as reuse:
            # Here, because the transaction that noticed it is undone.
            get_refresh_token_model().revoke_family(reuse.family)
            raise errors.InvalidGrantError(request=request) from None

    def _save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.grant_type == _DEVICE:
            self._use_up_device_code(request)
        elif request.grant_type == "refresh_token" and self.rotate_refresh_token(request):
            self._lock_refresh_token(request)
        return super()._save_bearer_token(token, request, *args, **kwargs)

    def _create_refresh_token(self, request: Any, *args: Any) -> Any:
        token = super()._create_refresh_token(request, *args)
        if request.grant_type == "authorization_code":
            token.token_family = _family_of(request.code)
            token.save(update_fields=["token_family"])
        return token

    @staticmethod
    def _use_up_device_code(request: Any) -> None:
        grants = get_device_grant_model().objects
        if not grants.filter(device_code=request.device_code).delete()[0]:
            raise errors.InvalidGrantError(request=request)

    @staticmethod
    def _lock_refresh_token(request: Any) -> None:
        # 1. The token was looked at without a lock, so of two requests both have found it unused.
        # 2. The second one waits here, and sees what the first one has made of it. The toolkit
        #    would answer it with the first one's tokens, which are stored hashed: with nothing.
        given = request.refresh_token_instance
        now = get_refresh_token_model().objects.select_for_update().filter(pk=given.pk).first()
        used = now is None or (now.revoked is not None and given.revoked is None)
        if used and not oauth2_settings.REFRESH_TOKEN_GRACE_PERIOD_SECONDS:
            raise _Reused(given.token_family)

    # ── what an ID token says, and who signed it ──────────────────────────────────────────────

    def get_additional_claims(self) -> dict[str, Callable[[Any], str]]:
        """Claims of ID tokens and of userinfo, each only with the scope that OpenID gives it."""
        return {
            "preferred_username": lambda request: request.user.get_username(),
            "name": lambda request: request.user.get_full_name() or request.user.get_username(),
            "email": lambda request: getattr(request.user, "email", ""),
        }

    def _get_key_for_token(self, token: str) -> Any:
        # An ID token that comes back at sign-out may be of a key that has retired since.
        unverified = jws.JWS()
        unverified.deserialize(token)
        kid = unverified.jose_header.get("kid")
        if "aud" not in json.loads(unverified.objects["payload"]):
            return None
        pems = [
            oauth2_settings.OIDC_RSA_PRIVATE_KEY,
            *oauth2_settings.OIDC_RSA_PRIVATE_KEYS_INACTIVE,
        ]
        keys = (jwk_from_pem(pem) for pem in pems if pem)
        return next((key for key in keys if key.thumbprint() == kid), None)


def _family_of(code: str) -> UUID:
    """The name of the family of tokens that a code gives: by it a used code, which is deleted, and
    of which nothing else is kept, still finds them. Nobody guesses a family without the code."""
    return uuid5(NAMESPACE_OID, f"authorization code {code}")


class _Reused(Exception):
    """A refresh token was used up by another request; `family` is the family of its tokens."""

    def __init__(self, family: UUID) -> None:
        super().__init__(family)
        self.family = family


def shown(text: str) -> str:
    """What a request said, fit for an error_description: printable, and not without end."""
    return _UNSPEAKABLE.sub("?", text[:200])
