"""People as the public API shows and takes them."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as Invalid
from rest_framework import serializers

from shop.fields import ModelSerializer, Text
from shop.users.models import User


class RegistrationSerializer(ModelSerializer[User]):
    """A new account. The password is checked against Django's validators and never shown.

    Names are public, so a taken one is told. That an address has an account is nobody's business,
    so what is given is brought into the form that is stored before anybody looks for an account.
    """

    password = Text(max_length=128, write_only=True, trim_whitespace=False)

    class Meta:
        model = User
        fields = ["id", "username", "email", "password"]
        extra_kwargs = {"username": {"max_length": 150}, "email": {"required": True}}

    def validate_username(self, value: str) -> str:
        value = User.normalize_username(value)
        User._meta.get_field("username").run_validators(value)  # it may have grown, and have spaces
        if User.objects.filter(username__iexact=value).exists():
            raise serializers.ValidationError("This username is taken.", code="unique")
        return value

    def validate_email(self, value: str) -> str:
        return User.objects.normalize_email(value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        # With the rest of the form: a password must not resemble the name.
        known = User(username=attrs["username"], email=attrs["email"])
        try:
            validate_password(attrs["password"], known)
        except Invalid as error:
            raise serializers.ValidationError({"password": error.messages}) from error
        return attrs


class ProfileSerializer(ModelSerializer[User]):
    """One's own account. The name to sign in with stays, and the address is changed on the page
    that asks for the password: who holds a token for five minutes must not get hold of the account.
    """

    class Meta:
        model = User
        fields = ["id", "username", "email", "first_name", "last_name", "date_joined"]
        read_only_fields = ["id", "username", "email", "date_joined"]
