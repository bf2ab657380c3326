"""People over HTTP: registration for anyone, one's own account for those who are signed in."""

from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from users import services
from users.models import Address, Profile
from users.serializers import AddressSerializer, ProfileSerializer, RegistrationSerializer


class UserViewSet(viewsets.GenericViewSet):
    """There is no list: nobody sees anybody else."""

    serializer_class = ProfileSerializer

    def get_permissions(self):
        return [AllowAny()] if self.action == "create" else super().get_permissions()

    def create(self, request):
        form = RegistrationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = services.register(**form.validated_data)
        return Response(RegistrationSerializer(user).data, status=201)

    @action(detail=False)
    def me(self, request):
        return Response(ProfileSerializer(self._profile()).data)

    @me.mapping.patch
    def change(self, request):
        form = ProfileSerializer(self._profile(), data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        form.save()
        return Response(form.data)

    @me.mapping.delete
    def close(self, request):
        services.close_account(request.user)
        return Response(status=204)

    def _profile(self):
        return Profile.objects.select_related("user").get(user=self.request.user)


class AddressViewSet(mixins.CreateModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    serializer_class = AddressSerializer

    def get_queryset(self):
        return Address.objects.filter(user=self.request.user, is_retired=False)

    def perform_create(self, serializer):
        serializer.instance = services.add_address(self.request.user, **serializer.validated_data)
