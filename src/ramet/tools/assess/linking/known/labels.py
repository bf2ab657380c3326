"""Labels of installed apps, where only the name of their package is known."""

from __future__ import annotations

__all__ = ["label_of"]

# `AppConfig.label` where it differs from the package's last part.
_LABELS = {
    "wagtail": "wagtailcore",
    "wagtail.core": "wagtailcore",
    "wagtail.admin": "wagtailadmin",
    "wagtail.documents": "wagtaildocs",
    "wagtail.embeds": "wagtailembeds",
    "wagtail.images": "wagtailimages",
    "wagtail.search": "wagtailsearch",
    "wagtail.snippets": "wagtailsnippets",
    "wagtail.users": "wagtailusers",
    "wagtail.contrib.forms": "wagtailforms",
    "wagtail.contrib.redirects": "wagtailredirects",
    "wagtail.contrib.settings": "wagtailsettings",
    "wagtail.contrib.search_promotions": "wagtailsearchpromotions",
    "rest_framework.authtoken": "authtoken",
    "oauth2_provider": "oauth2_provider",
    "social_django": "social_django",
    "allauth.account": "account",
    "allauth.socialaccount": "socialaccount",
    "allauth.mfa": "mfa",
    "cities_light": "cities_light",
    "knox": "knox",
}

_MODULES = frozenset(("models", "abstract_models", "model", "models_"))


def label_of(package: str) -> str:
    """The label of a package, or of a module in one: `taggit.models` -> `taggit`."""
    parts = package.split(".")
    for length in range(len(parts), 0, -1):
        label = _LABELS.get(".".join(parts[:length]))
        if label is not None and (length == len(parts) or parts[length] in _MODULES):
            return label
    for index, part in enumerate(parts):
        if part in _MODULES and index:
            parts = parts[:index]
            break
    return _LABELS.get(".".join(parts), parts[-1])
