import ramet

urlpatterns = [*ramet.urls()]
