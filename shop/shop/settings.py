"""Settings of the whole shop. `ramet.place` narrows them to the services that live in a process."""

import os
from pathlib import Path

import ramet

BASE_DIR = Path(__file__).resolve().parent.parent

# Good enough for `manage.py runserver`; `ramet up` and every deployment give RAMET_SECRET_KEY.
SECRET_KEY = "insecure-for-development-only"  # noqa: S105
DEBUG = os.environ.get("SHOP_DEBUG") == "1"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    # shop.users stands before oauth2_provider and allauth: its pages replace theirs.
    "shop.users",
    "shop.products",
    "shop.orders",
    "shop.payments",
    "shop.storefront",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "oauth2_provider",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    # Around all others: those refuse requests with pages, too.
    "shop.storefront.headers.StorefrontPages",
    "shop.users.sign_in.headers.ProviderPages",
    "django.middleware.security.SecurityMiddleware",
    "shop.text.RefuseNul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# It has work only where the provider's pages are.
RAMET_OPTIONAL_MIDDLEWARE = [
    "shop.storefront.headers.StorefrontPages",
    "shop.users.sign_in.headers.ProviderPages",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "shop.sqlite3"},
}

# -- Time, language, files -----------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = BASE_DIR / ".ramet" / "mail"
EMAIL_TIMEOUT = 10  # seconds; a mail is sent while its row is locked
DEFAULT_FROM_EMAIL = "Grove <orders@shop.example>"
CELERY_TASK_ALWAYS_EAGER = True  # `manage.py runserver` has no worker; `ramet up` unsets it

CSRF_FAILURE_VIEW = "shop.errors.csrf_failure"
# No script of ours reads the token; it is in every form.
CSRF_COOKIE_HTTPONLY = True

# -- People --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "users.User"
LOGIN_URL = "/o/sign-in/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LOGIN_REDIRECT_URL = "/"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Members of the group of that name may have the scope. Ramet adds OpenID's and hardens the rest.
OAUTH2_PROVIDER = {
    "SCOPES": {"products:write": "Add and change products"},
    # prompt=create leads to the page to sign up on.
    "OIDC_RP_INITIATED_REGISTRATION_ENABLED": True,
    "OIDC_RP_INITIATED_REGISTRATION_URL": "account_signup",
}

# Signing up and in, second factors: django-allauth, with the pages of shop/users/sign_in.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "shop.users.sign_in.adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "shop.users.sign_in.forms.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
# Only with this can signing up answer the same for an address that has an account already.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_METHODS = ["password", "mfa"]
MFA_ADAPTER = "shop.users.sign_in.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "shop.users.sign_in.forms.CodeForm",
    "reauthenticate": "shop.users.sign_in.forms.CodeAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Grove"
MFA_WEBAUTHN_USER_VERIFICATION = "required"

# Where attempts are counted: a table of users, which its processes share. Nobody else has a cache.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "users_attempts",
        # So many that nobody can push the count of their own attempts out.
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}

# -- The API -------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["ramet.identity.drf.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["ramet.identity.drf.IsPerson"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "shop.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "ramet.problems.exception_handler",
    # The default, Django's AnonymousUser, is a model's neighbour: absent outside users.
    "UNAUTHENTICATED_USER": "ramet.identity.user.Anonymous",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Grove",
    "DESCRIPTION": "Browse, order, pay. Errors are `application/problem+json` (RFC 9457).",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "shop.schema.add_problems",
    ],
}

# -- Payments ------------------------------------------------------------------------------------

# The provider of new payments: a folder of shop/payments/providers. Old ones keep theirs.
PAYMENT_PROVIDER = os.environ.get("SHOP_PAYMENT_PROVIDER", "sandbox")
STRIPE_API_KEY = ramet.secret("SHOP_STRIPE_API_KEY", default="")
STRIPE_WEBHOOK_SECRET = ramet.secret("SHOP_STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_URL = os.environ.get("SHOP_STRIPE_API_URL", "https://api.stripe.com")

ramet.place(globals())
