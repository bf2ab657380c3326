"""Where the left service answers."""

from django.urls import path

from pair.left import views

urlpatterns = [
    path("left/", views.greet),
    path("left/notes/", views.notes),
    path("left/slow/", views.slow),
    path("left/backend/", views.backend),
    path("left/say/<str:text>/", views.say),
]
