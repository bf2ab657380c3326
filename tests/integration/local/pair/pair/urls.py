"""Whatever lives in this process."""

import ramet

urlpatterns = [*ramet.urls()]
