from django.urls import path
from sales.views import place_order

urlpatterns = [path("sales/<int:product>/", place_order, name="place-order")]
