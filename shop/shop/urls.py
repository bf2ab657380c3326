"""The URLs of whichever services live in this process; each app states its paths in full."""

import ramet

urlpatterns = [*ramet.urls()]

handler400 = "shop.errors.bad_request"
handler403 = "shop.errors.permission_denied"
handler404 = "shop.errors.not_found"
# Only django-allauth asks for it, where users lives.
handler429 = "shop.users.sign_in.throttling.too_many_attempts"
handler500 = "shop.errors.server_error"
