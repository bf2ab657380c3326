"""People over HTTP: registration for anyone, one's own profile for those who are signed in."""

from collections.abc import Sequence
from typing import Any

from allauth.account.adapter import get_adapter
from django.db import IntegrityError
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, NotFound, Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from ramet.identity.drf import Public
from shop.users import services
from shop.users.models import User
from shop.users.serializers import ProfileSerializer, RegistrationSerializer
from shop.users.sign_in.throttling import ADDRESS_SECONDS, is_allowed


class Taken(APIException):
    """409: somebody else took the name between the check and the insert."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "This username was taken just now."
    default_code = "taken"


class UserViewSet(viewsets.GenericViewSet[User]):
    """Accounts. There is no list: nobody sees anybody else."""

    queryset = User.objects.none()
    serializer_class = ProfileSerializer

    @extend_schema(request=RegistrationSerializer, responses={201: RegistrationSerializer})
    def create(self, request: Request) -> Response:
        """Register. A welcome mail follows; who has an account already is told so by mail alone."""
        form = RegistrationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        if not is_allowed(request._request, "register", key=given["email"]):
            raise Throttled(wait=ADDRESS_SECONDS)
        try:
            user = services.register(**given) if _is_free(given["email"]) else _pretend(**given)
        except IntegrityError as error:
            raise Taken from error
        return Response(RegistrationSerializer(user).data, status=status.HTTP_201_CREATED)

    def get_permissions(self) -> Sequence[Any]:
        return [Public()] if self.action == "create" else super().get_permissions()

    @extend_schema(responses=ProfileSerializer)
    @action(detail=False)
    def me(self, request: Request) -> Response:
        """The account of whoever asks."""
        return Response(ProfileSerializer(self._own_account()).data)

    @extend_schema(request=ProfileSerializer, responses=ProfileSerializer)
    @me.mapping.patch
    def change(self, request: Request) -> Response:
        """Change what people may change about themselves."""
        user = self._own_account()
        form = ProfileSerializer(user, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        user = services.change_profile(user, form.validated_data)
        return Response(ProfileSerializer(user).data)

    def _own_account(self) -> User:
        # The token may outlive the account by a few minutes.
        caller: Any = self.request.user
        user = User.objects.filter(pk=caller.pk, is_active=True).first()
        if user is None:
            raise NotFound("This account is closed.")
        return user


def _is_free(email: str) -> bool:
    return not User.objects.filter(email=email).exists()


def _pretend(username: str, email: str, password: str) -> User:
    """What `register` answers, of an account that is not made; its owner gets a mail."""
    get_adapter().send_account_already_exists_mail(email)
    user = User(username=username, email=email)
    user.set_password(password)  # as long as it takes for a real one
    return user
