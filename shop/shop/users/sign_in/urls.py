"""Where people sign up, in and out, and look after their account: all below /o/.

A list of our own: allauth's would add codes by mail, phone numbers and more.
"""

from allauth.account import views
from django.urls import include, path, re_path

from ramet.identity.provider.endpoints import DeviceUserCode
from shop.users.sign_in.throttling import throttled

_account = [
    path("email/", views.email, name="account_email"),
    path("password/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("confirm/", views.reauthenticate, name="account_reauthenticate"),
    path("security/", include("allauth.mfa.urls")),
]

_reset = [
    path("", views.password_reset, name="account_reset_password"),
    path("sent/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

urlpatterns = [
    path("o/sign-in/", views.login, name="account_login"),
    path("o/sign-out/", views.logout, name="account_logout"),
    path("o/sign-up/", views.signup, name="account_signup"),
    path("o/inactive/", views.account_inactive, name="account_inactive"),
    path(
        "o/confirm-email/",
        views.email_verification_sent,
        name="account_email_verification_sent",
    ),
    re_path(
        r"^o/confirm-email/(?P<key>[-:\w]+)/$",
        views.confirm_email,
        name="account_confirm_email",
    ),
    path("o/reset-password/", include(_reset)),
    path("o/account/", include(_account)),
    # In front of the provider's own: nobody shall guess what a device shows.
    path("o/device/", throttled("device", DeviceUserCode.as_view())),
]
