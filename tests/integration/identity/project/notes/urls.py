from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ramet.identity import current_user
from ramet.identity.drf import HasScope


class Notes(APIView):
    def get(self, request: Request) -> Response:
        assert current_user() == request.user
        return Response({"of": str(request.user.id), "name": request.user.username})


class Written(APIView):
    permission_classes = [HasScope("notes:write")]

    def post(self, request: Request) -> Response:
        return Response({"by": request.user.username}, status=201)


def plain(request: HttpRequest) -> HttpResponse:
    """A Django view without DRF: the middleware says who asks."""
    return JsonResponse({"name": request.user.username, "bound": current_user().username})


urlpatterns = [
    path("notes/", Notes.as_view()),
    path("notes/written/", Written.as_view()),
    path("notes/plain/", plain),
]
