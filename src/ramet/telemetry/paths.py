"""The path of a request as telemetry tells it: without the secrets that a link carries in it.

Who reads a password-reset link in a log or a trace while it holds can take the account.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from ramet.system import path_secrets
from ramet.telemetry.secret_names import REDACTED, is_of_a_link

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.urls import ResolverMatch

__all__ = ["masked_in", "of_request", "of_secret_route", "template"]


def of_request(request: HttpRequest) -> str:
    """Its path; where the URL pattern has a parameter named as a secret, the pattern instead.

    A segment that looks like a secret is masked in any case: a middleware may answer before it is
    known what the path means.
    """
    match = request.resolver_match
    known = None if match is None else of_secret_route(match)
    return path_secrets.masked(request.path, REDACTED) if known is None else known


def of_secret_route(match: ResolverMatch) -> str | None:
    """The URL pattern, where one of its parameters is named as a secret."""
    return template(match.route) if _has_secrets(tuple(match.kwargs)) else None


def masked_in(text: str, request: HttpRequest) -> str:
    """A text about a request, such as Django's "Not Found: /reset/...", without those secrets."""
    path = request.path
    return text.replace(path, of_request(request)) if len(path) > 1 and path in text else text


@lru_cache(maxsize=4096)
def template(route: str) -> str:
    """Django's route `orders/<uuid:id>/`, or a regular expression, as `/orders/{id}/`."""
    if "^" in route or "$" in route:
        # Here, because processes without Django log as well.
        from django.contrib.admindocs import utils as regular_expressions

        route = regular_expressions.remove_non_capturing_groups(route)
        route = regular_expressions.replace_named_groups(route)
        route = regular_expressions.replace_unnamed_groups(route)
        route = regular_expressions.replace_metacharacters(route)
    return "/" + re.sub(r"<(?:[^:>]*:)?([^>]*)>", r"{\1}", route).lstrip("/")


@lru_cache(maxsize=4096)
def _has_secrets(parameters: tuple[str, ...]) -> bool:
    return any(map(is_of_a_link, parameters))
