"""Names in settings of every process that lie in the app of one service.

Where that service is absent they cannot be imported. To leave them out would be to run without
them: without an empty list of permission classes everybody may do everything, without a middleware
nobody is logged, limited or kept out. So they are told instead, and the project decides.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ramet.errors import Mistake
from ramet.system import System

__all__ = ["AUTH_MIDDLEWARE", "LOGIN_REQUIRED", "Misplaced", "misplaced"]

AUTH_MIDDLEWARE = "django.contrib.auth.middleware.AuthenticationMiddleware"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"

# Replaced by ours (the first two), or of no consequence where their app is absent: they sign people
# in, or put something on the request whose users then fail, or answer from their app's own tables.
_MAY_LEAVE = frozenset(
    {
        "allauth.account.middleware.AccountMiddleware",
        AUTH_MIDDLEWARE,
        LOGIN_REQUIRED,
        "django.contrib.auth.middleware.RemoteUserMiddleware",
        "django.contrib.auth.middleware.PersistentRemoteUserMiddleware",
        "django.contrib.admindocs.middleware.XViewMiddleware",
        "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.contrib.redirects.middleware.RedirectFallbackMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.sites.middleware.CurrentSiteMiddleware",
        "oauth2_provider.middleware.OAuth2TokenMiddleware",
        "oauth2_provider.middleware.OAuth2ExtraTokenMiddleware",
    }
)
_OPTIONAL = "RAMET_OPTIONAL_MIDDLEWARE"


@dataclass(frozen=True, slots=True)
class Misplaced:
    """`name`, a dotted path in `setting`, lies in an app of `service`."""

    setting: str
    name: str
    service: str

    @property
    def found(self) -> str:
        """What is wrong, as a fragment."""
        return f"{self.name}, which lies in an app of {self.service}"

    @property
    def remedy(self) -> str:
        """What to do."""
        move = "Move it to a module that no service owns"
        if self.setting == "MIDDLEWARE":
            return f"{move}, or name it in {_OPTIONAL} if only {self.service} needs it."
        if self.setting.endswith("AUTHENTICATION_CLASSES"):
            return f"{move}, or use ramet.identity.drf.TokenAuthentication."
        return f"{move}, or set it on the views of {self.service}."

    def mistake(self) -> Mistake:
        """The same for a process in which the service is absent."""
        return Mistake(
            "setting-of-absent-service",
            where=f"settings.{self.setting}",
            found=f"{self.found}, and {self.service} is absent from this process",
            expected="code that every process with this setting has",
            remedy=self.remedy,
        )


def misplaced(settings: Mapping[str, Any], system: System) -> Iterator[Misplaced]:
    """Each name of MIDDLEWARE and REST_FRAMEWORK that some process of the system cannot import.

    Middleware in RAMET_OPTIONAL_MIDDLEWARE is left out: the project lets it go with its service.
    """
    optional = {*_MAY_LEAVE, *settings.get(_OPTIONAL, ())}
    for name in settings.get("MIDDLEWARE", ()):
        owner = _owner(name, system)
        if owner is not None and name not in optional:
            yield Misplaced("MIDDLEWARE", name, owner)
    # Where Django REST framework belongs to one service, so do its settings.
    reader = _owner("rest_framework", system)
    for option, value in settings.get("REST_FRAMEWORK", {}).items():
        for name in value if isinstance(value, list | tuple) else (value,):
            owner = _owner(name, system)
            if owner is not None and owner != reader:
                yield Misplaced(f"REST_FRAMEWORK.{option}", name, owner)


def _owner(name: object, system: System) -> str | None:
    service = system.service_of_module(name) if isinstance(name, str) else None
    return None if service is None else service.name
