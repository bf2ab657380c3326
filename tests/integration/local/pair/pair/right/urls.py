"""Where the right service answers."""

from django.urls import path

from pair.right import views

urlpatterns = [path("right/", views.greet), path("right/heard/", views.heard)]
