"""People as the public API shows and takes them."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as Invalid
from rest_framework import serializers

from shop.users.models import User


def _refuse_taken(field: str, value: str, but: User | None = None) -> str:
    taken = User.objects.filter(**{f"{field}__iexact": value})
    if (taken if but is None else taken.exclude(pk=but.pk)).exists():
        raise serializers.ValidationError(f"This {field} is taken.", code="unique")
    return value


class RegistrationSerializer(serializers.ModelSerializer[User]):
    """A new account. The password is checked against Django's validators and never shown."""

    password = serializers.CharField(max_length=128, write_only=True, trim_whitespace=False)

    class Meta:
        model = User
        fields = ["id", "username", "email", "password"]
        extra_kwargs = {"username": {"max_length": 150}, "email": {"required": True}}

    def validate_username(self, value: str) -> str:
        return _refuse_taken("username", value)

    def validate_email(self, value: str) -> str:
        return _refuse_taken("email", value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        # With the rest of the form: a password must not resemble the name.
        known = User(username=attrs["username"], email=attrs["email"])
        try:
            validate_password(attrs["password"], known)
        except Invalid as error:
            raise serializers.ValidationError({"password": error.messages}) from error
        return attrs


class ProfileSerializer(serializers.ModelSerializer[User]):
    """One's own account. The name to sign in with stays."""

    class Meta:
        model = User
        fields = ["id", "username", "email", "first_name", "last_name", "date_joined"]
        read_only_fields = ["id", "username", "date_joined"]

    def validate_email(self, value: str) -> str:
        return _refuse_taken("email", value, but=self.instance)
