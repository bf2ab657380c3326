"""The endpoints where the toolkit's own would answer wrongly, or too much."""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.contrib.auth import logout
from django.core.exceptions import BadRequest, ObjectDoesNotExist
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from oauth2_provider import views
from oauth2_provider.compat import login_not_required
from oauth2_provider.exceptions import OAuthToolkitError
from oauth2_provider.models import (
    DeviceCodeResponse,
    DeviceRequest,
    create_device_grant,
    get_access_token_model,
    get_application_model,
)
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views.device import DeviceGrantForm
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidRedirectURIError

from ramet.identity.provider.validator import shown
from ramet.identity.settings import settings

__all__ = [
    "Authorization",
    "DeviceAuthorization",
    "DeviceUserCode",
    "Introspection",
    "Token",
    "UserInfo",
    "careful",
]

# Answers of these may hold secrets (RFC 6749, section 5.1).
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_MADE_UP = "A parameter is not one that this server gave out."
INTROSPECTION = "introspection"
"""The scope that the owner of a program needs for it to ask about tokens."""


def careful(
    view: Callable[..., HttpResponseBase], *, is_page: bool = False
) -> Callable[..., HttpResponseBase]:
    """The toolkit's view, with 400 where it looks up, or keeps, what a client made up.

    It asks the database for texts as they come (a NUL in Basic credentials, a nonce of any length)
    and, when signing out, for a client that need not exist. Pages answer by the project's handler.
    """

    @wraps(view)
    def careful_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except (DataError, ObjectDoesNotExist) as error:
            if is_page:
                raise BadRequest(_MADE_UP) from error
            return _error("invalid_request", _MADE_UP)

    return careful_view


class Authorization(views.AuthorizationView):  # type: ignore[misc]
    """The toolkit's, with every answer naming its issuer, and `prompt=login` kept."""

    def error_response(self, error: OAuthToolkitError, application: Any, **kwargs: Any) -> Any:
        """See the toolkit. RFC 9207, section 2: the issuer is in errors, too."""
        if isinstance(error.oauthlib_error, InvalidRedirectURIError):
            given = shown(self.request.GET.get("redirect_uri", ""))
            error.oauthlib_error.description = f"The redirect_uri {given} is no absolute URI."
        response = super().error_response(error, application, **kwargs)
        return _named(response)

    def handle_no_permission(self) -> Any:
        """See the toolkit; its `login_required` for `prompt=none` is such an error."""
        response = super().handle_no_permission()
        return (
            _named(response) if "none" in self.request.GET.get("prompt", "").split() else response
        )

    def handle_prompt_login(self) -> Any:
        """Whoever is signed in has to sign in again: a sign-in page would send them back."""
        logout(self.request)
        return super().handle_prompt_login()


def _named(response: HttpResponse) -> HttpResponse:
    """The redirect with `iss` in it, and with one only."""
    location = response.headers.get("Location")
    if location is not None:
        parts = urlsplit(location)
        said = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "iss"]
        query = urlencode([*said, ("iss", oauth2_settings.OIDC_ISS_ENDPOINT)])
        response.headers["Location"] = urlunsplit(parts._replace(query=query))
    return response


class Token(views.TokenView):  # type: ignore[misc]
    """The toolkit's, with device codes checked by the Validator as every other grant."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """See the toolkit, which answers for device codes without looking at client and expiry."""
        try:
            response: HttpResponse = self.authorization_flow_token_response(request)
        except get_access_token_model().DoesNotExist:
            # Revoked before it was handed out: what it was given for came back meanwhile.
            return _error("invalid_grant", "The refresh token, or the code, was used twice.")
        # It is not, where a grant fails after it was looked at (RFC 6749, section 5.2).
        response.headers["Content-Type"] = "application/json"
        return response


class UserInfo(views.UserInfoView):  # type: ignore[misc]
    """The toolkit's, whose setting against tokens in the address does not hold for this one."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """See the toolkit. RFC 9700, section 4.3.2: addresses end in logs and histories."""
        if "access_token" in request.GET:
            answer = _error(
                "invalid_request", "A token belongs into the Authorization header.", 401
            )
            answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_request"'
            return answer
        return super().dispatch(request, *args, **kwargs)


class DeviceAuthorization(views.DeviceAuthorizationView):  # type: ignore[misc]
    """The toolkit's (RFC 8628, section 3.1), for clients that are registered for this grant."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """See the toolkit."""
        model = get_application_model()
        client = model.objects.filter(client_id=request.POST.get("client_id", "")).first()
        if client is not None and not client.allows_grant_type(model.GRANT_DEVICE_CODE):
            return _error("unauthorized_client", "This client is not registered for devices.")
        _, answer, status = self.create_device_authorization_response(request)
        if status != HTTPStatus.OK:
            return JsonResponse(json.loads(answer), status=status, headers=_NO_STORE)
        # The scopes are for us: the toolkit's own view stumbles over them.
        scope = answer.pop("scope", "")
        asked = DeviceRequest(client_id=request.POST["client_id"], scope=scope)
        create_device_grant(asked, DeviceCodeResponse(**answer))
        return JsonResponse(answer, headers=_NO_STORE)


class UserCodeForm(DeviceGrantForm):  # type: ignore[misc]
    """Takes a code as people type it: in any case, with dashes or spaces."""

    def clean_user_code(self) -> str:
        """See the toolkit."""
        typed = self.cleaned_data["user_code"].upper()
        self.cleaned_data["user_code"] = "".join(filter(str.isalnum, typed))[:100]
        return str(super().clean_user_code())


class DeviceUserCode(views.DeviceUserCodeView):  # type: ignore[misc]
    """The page on which people type what their device shows."""

    form_class = UserCodeForm


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class Introspection(OAuthLibMixin, View):  # type: ignore[misc]
    """Whether a token is still good (RFC 7662), for confidential clients with the right to ask.

    The right is that of scopes: a client whose owner may have the scope `introspection`, or one
    without an owner, which an administrator has made. It knows access tokens only.
    """

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """401 without, or with wrong, credentials; 403 without the right."""
        client = self._client(request)
        if client is None:
            answer = _error("invalid_client", "This needs the credentials of a client.", 401)
            answer.headers["WWW-Authenticate"] = 'Basic realm="introspection"'
            return answer
        if not _may_introspect(client):
            return _error("access_denied", "This client may not ask about tokens.", 403)
        token = request.POST.get("token")
        if not token:
            return _error("invalid_request", "The parameter token is missing.")
        return JsonResponse(_about(token), headers=_NO_STORE)

    def _client(self, request: HttpRequest) -> Any:
        core = self.get_oauthlib_core()
        uri, method, body, headers = core._extract_params(request)
        asked = Request(uri, method, body, headers)
        # The toolkit lets a public client in with an empty secret.
        if not core.server.request_validator.authenticate_client(asked):
            return None
        confidential = get_application_model().CLIENT_CONFIDENTIAL
        return asked.client if asked.client.client_type == confidential else None


def _may_introspect(client: Any) -> bool:
    allowed = oauth2_settings.OAUTH2_VALIDATOR_CLASS.allowed_scopes
    return client.user is None or INTROSPECTION in allowed(client.user)


def _about(text: str) -> dict[str, Any]:
    checksum = hashlib.sha256(text.encode()).hexdigest()
    stored = get_access_token_model().objects.select_related("user", "application")
    token = stored.filter(token_checksum=checksum).first()
    if token is None or not token.is_valid() or token.application is None:
        return {"active": False}
    if token.user is not None and not token.user.is_active:
        return {"active": False}
    accepted = settings()
    about = {
        "active": True,
        "token_type": "Bearer",
        "iss": accepted.issuer,
        "aud": accepted.audience,
        "sub": str(token.user.pk) if token.user else token.application.client_id,
        "client_id": token.application.client_id,
        "scope": token.scope,
        "exp": int(token.expires.timestamp()),
    }
    return about | ({"username": token.user.get_username()} if token.user else {})


def _error(error: str, description: str, status: int = 400) -> HttpResponse:
    """RFC 6749, section 5.2."""
    said = {"error": error, "error_description": description}
    return JsonResponse(said, status=status, headers=_NO_STORE)
