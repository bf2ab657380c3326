"""One codebase, several placements: what a real project looks like from inside each process."""

from tests.unit.placement.project import Project

LABELS = "sorted(config.label for config in apps.get_app_configs())"
RAMET_LABELS = ["identity", "ramet", "ramet_calls", "ramet_events", "ramet_sagas"]
WHO = "Client(HTTP_HOST='localhost').get('/orders/who/').json()"


def test_with_nothing_set_the_project_is_the_monolith(project: Project) -> None:
    """Every app is there, and Django's own user."""
    labels = project.evaluate(LABELS)
    assert {"admin", "auth", "orders", "payments", "users"} <= set(labels)
    assert project.evaluate("settings.RAMET.group") == "monolith"
    assert project.evaluate("settings.AUTH_USER_MODEL") == "users.User"
    assert project.evaluate("settings.SESSION_COOKIE_NAME") == "sessionid"


def test_a_process_of_one_service_has_its_apps_and_those_that_nobody_owns(
    project: Project,
) -> None:
    """What users owns is gone, third-party apps among it."""
    labels = project.evaluate(LABELS, RAMET_SERVICES="orders")
    assert [label for label in labels if "ramet" not in label and label != "identity"] == [
        "messages",
        "orders",
        "rest_framework",
        "sessions",
    ]


def test_whatever_belongs_to_absent_apps_leaves_the_settings(project: Project) -> None:
    """Else Django would import it, and fail."""
    assert project.evaluate(
        "[settings.MIDDLEWARE, settings.TEMPLATES[0]['OPTIONS'],"
        " settings.AUTHENTICATION_BACKENDS, settings.AUTH_USER_MODEL]",
        RAMET_SERVICES="orders",
    ) == [
        [
            "ramet.telemetry.middleware.TelemetryMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "ramet.identity.middleware.IdentityMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "ramet.auditing.middleware.AuditMiddleware",
        ],
        {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ]
        },
        [],
        "auth.User",
    ]


def test_drf_answers_without_django_contrib_auth(project: Project) -> None:
    """Its default for a user who is not signed in is a model's neighbour."""
    assert project.evaluate(WHO, RAMET_SERVICES="orders") == {"user": "ramet.identity.user"}


def test_drf_answers_with_django_contrib_auth_as_ever(project: Project) -> None:
    """The same view in the monolith."""
    assert project.evaluate(WHO) == {"user": "django.contrib.auth.models"}


def test_only_urls_of_services_that_are_here_exist(project: Project) -> None:
    """Own apps with a urls module; of users, its admin."""
    paths = "[Client(HTTP_HOST='localhost').get(path).status_code for path in "
    paths += "('/orders/who/', '/users/admin/login/')]"
    assert project.evaluate(paths, RAMET_SERVICES="orders") == [200, 404]
    assert project.evaluate(paths, RAMET_SERVICES="payments") == [404, 404]


def test_several_services_may_share_a_process(project: Project) -> None:
    """Any grouping is a placement."""
    assert project.evaluate(
        "[settings.RAMET.group, settings.RAMET.services == {'orders', 'payments'},"
        " apps.is_installed('small.users')]",
        RAMET_SERVICES=" payments, orders",
    ) == ["orders+payments", True, False]


def test_processes_of_one_host_name_have_cookies_of_their_own(project: Project) -> None:
    """Each has its own sessions table; a foreign session id would sign people out."""
    names = "[settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME]"
    assert project.evaluate(names, RAMET_SERVICES="orders") == [
        "sessionid_orders",
        "csrftoken_orders",
    ]


def test_the_environment_wins_over_the_projects_settings(project: Project) -> None:
    """Database, secret, mail, Celery and hosts."""
    assert project.evaluate(
        "[settings.DATABASES['default'], settings.SECRET_KEY, settings.EMAIL_BACKEND,"
        " settings.EMAIL_FILE_PATH, settings.CELERY_BROKER_URL, settings.CELERY_TASK_ALWAYS_EAGER,"
        " settings.CELERY_BROKER_TRANSPORT_OPTIONS['data_folder_in'], settings.ALLOWED_HOSTS,"
        " settings.CSRF_TRUSTED_ORIGINS, settings.SECURE_PROXY_SSL_HEADER]",
        RAMET_SERVICES="orders",
        RAMET_DATABASE_URL="postgresql://small:p%40ss@/orders?host=/run/pg&sslmode=disable",
        RAMET_SECRET_KEY="from the environment",
        RAMET_MAIL_DIR="/mail",
        RAMET_CELERY_BROKER_URL="filesystem://",
        RAMET_CELERY_FOLDER="/celery/orders",
        RAMET_PUBLIC_URL="https://shop.example/",
    ) == [
        {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "orders",
            "USER": "small",
            "PASSWORD": "p@ss",
            "HOST": "/run/pg",
            "PORT": "",
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"sslmode": "disable"},
            "ATOMIC_REQUESTS": False,
            "AUTOCOMMIT": True,
            "TIME_ZONE": None,
            "TEST": {
                "CHARSET": None,
                "COLLATION": None,
                "MIGRATE": True,
                "MIRROR": None,
                "NAME": None,
            },
        },
        "from the environment",
        "django.core.mail.backends.filebased.EmailBackend",
        "/mail",
        "filesystem://",
        False,
        "/celery/orders",
        ["localhost", "shop.example", "127.0.0.1", "[::1]", "orders"],
        ["https://shop.example"],
        ["HTTP_X_FORWARDED_PROTO", "https"],
    ]


def test_the_projects_own_database_settings_outlive_the_url(project: Project) -> None:
    """Requests that were transactions must not stop to be."""
    project.replace(
        "small/settings.py",
        "ramet.place(",
        'DATABASES["default"]["ATOMIC_REQUESTS"] = True\nramet.place(',
    )
    assert project.evaluate(
        "settings.DATABASES['default']['ATOMIC_REQUESTS']",
        RAMET_SERVICES="orders",
        RAMET_DATABASE_URL="postgresql://u:p@/orders?host=/run/pg",
    )


def test_celery_is_left_alone_where_no_broker_is_given(project: Project) -> None:
    """A project may name its broker in Celery(...): its tasks must not begin to run in requests."""
    assert project.evaluate("getattr(settings, 'CELERY_TASK_ALWAYS_EAGER', 'unset')") == "unset"


def test_cookies_of_an_https_site_stay_on_https(project: Project) -> None:
    """Unless the project says otherwise; a local system is plain http."""
    secure = "[settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE]"
    assert project.evaluate(secure, RAMET_PUBLIC_URL="https://shop.example") == [True, True]
    assert project.evaluate(secure, RAMET_PUBLIC_URL="http://localhost:8000") == [False, False]
    project.replace("small/settings.py", "ramet.place(", "CSRF_COOKIE_SECURE = False\nramet.place(")
    assert project.evaluate(secure, RAMET_PUBLIC_URL="https://shop.example") == [True, False]


def test_sqlite_gets_options_under_which_threads_do_not_lock_each_other_out(
    project: Project,
) -> None:
    """`manage.py runserver` has a web thread and a worker thread."""
    assert project.evaluate("settings.DATABASES['default']['OPTIONS']")["transaction_mode"] == (
        "IMMEDIATE"
    )


def test_without_an_issuer_the_middleware_of_a_project_stays_as_it_was(project: Project) -> None:
    """A bearer token of the project's own must not be refused by us."""
    project.replace("ramet.toml", '[gateway]\nissuer = "users"\n', "")
    assert "ramet.identity.middleware.IdentityMiddleware" not in project.evaluate(
        "settings.MIDDLEWARE"
    )


def test_a_service_that_does_not_exist_is_a_mistake_without_a_traceback(project: Project) -> None:
    """The whole text, from manage.py."""
    run = project.run("manage.py", "check", RAMET_SERVICES="order")
    assert (run.returncode, run.stderr) == (
        2,
        "RAMET_SERVICES: unknown-service\n"
        '  found     "order"\n'
        "  expected  Django services of ramet.toml: orders, payments, users\n"
        "  remedy    Correct RAMET_SERVICES, or unset it for all services in one process.\n",
    )


def test_a_remote_key_is_a_plain_column_to_migrations(project: Project) -> None:
    """The migration of the project has a BigIntegerField; nothing is to be changed."""
    assert project.manage("makemigrations", "orders", "--check", "--dry-run") == (
        "No changes detected in app 'orders'\n"
    )


def test_demo_data_can_be_loaded_twice(project: Project) -> None:
    """And only apps with a demo module are asked."""
    project.manage("migrate", "-v0", RAMET_SERVICES="orders,payments")
    for _ in range(2):
        assert project.manage("ramet_demo", RAMET_SERVICES="orders,payments") == (
            "small.orders: demo data loaded\n"
        )
    assert (
        project.evaluate("apps.get_model('orders.Order').objects.count()", RAMET_SERVICES="orders")
        == 1
    )


def test_settings_that_were_never_placed_are_named_with_a_remedy(project: Project) -> None:
    """`here()` is what everything asks first."""
    project.replace("small/settings.py", "ramet.place(globals())", "")
    run = project.run(
        "-c",
        "from ramet.placement import here; from ramet.errors import DiagnosticError\n"
        "try: here()\nexcept DiagnosticError as e: print(e)",
        DJANGO_SETTINGS_MODULE="small.settings",
    )
    assert run.stdout == (
        "small.settings: not-placed\n"
        "  found     settings without a call of ramet.place\n"
        "  expected  ramet.place(globals()) as the last line of the settings\n"
        "  remedy    End the settings with `import ramet` and `ramet.place(globals())`.\n"
    )
