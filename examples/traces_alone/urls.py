"""The only page."""

from django.urls import path
from library.views import book

urlpatterns = [path("books/<int:pk>/", book)]
