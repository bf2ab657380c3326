"""Nothing but operations is served."""

urlpatterns: list[object] = []
