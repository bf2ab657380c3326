"""What the templates of the provider's pages need."""

from django import template

from shop.users.sign_in import assets

register = template.Library()


@register.simple_tag
def provider_asset(name: str) -> str:
    """The address of one of the static files of these pages."""
    return assets.url(name)
