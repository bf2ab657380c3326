from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def sign_in(request: HttpRequest) -> HttpResponse:
    """Stands for a sign-in page: believes the name."""
    user = get_user_model().objects.get(username=request.GET["name"])
    login(request, user, "django.contrib.auth.backends.ModelBackend")
    return HttpResponse()


urlpatterns = [
    path("o/sign-in/", sign_in),
    path("", include("ramet.identity.provider.urls")),
]
