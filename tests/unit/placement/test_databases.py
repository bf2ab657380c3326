"""Database URLs become Django's settings."""

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ramet.placement.databases import OVER_A_NETWORK, database, with_safe_sqlite

POSTGRESQL = "django.db.backends.postgresql"


def test_a_postgresql_url_over_tcp_is_unquoted() -> None:
    """Passwords may hold any character."""
    entry = database("postgresql://shop:a%2Fb%40c@db.example:6432/my%20shop?sslmode=require")
    assert entry == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "my shop",
        "USER": "shop",
        "PASSWORD": "a/b@c",
        "HOST": "db.example",
        "PORT": "6432",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**OVER_A_NETWORK, "sslmode": "require"},
    }


def test_a_server_that_vanished_is_noticed_unless_the_project_or_the_url_says_otherwise() -> None:
    """The URL, written for one place, comes before the project, and that before our defaults."""
    options = database(
        "postgresql://u:p@db.example/shop?connect_timeout=2",
        {"ENGINE": POSTGRESQL, "OPTIONS": {"connect_timeout": 9, "keepalives_idle": 7}},
    )["OPTIONS"]
    assert options["connect_timeout"] == "2"
    assert options["keepalives_idle"] == 7
    assert options["tcp_user_timeout"] == 30_000


def test_libpq_knows_every_default() -> None:
    """An unknown name would fail every connection."""
    parsed = conninfo_to_dict(make_conninfo(host="127.0.0.1", **OVER_A_NETWORK))
    assert parsed.keys() == {"host", *OVER_A_NETWORK}


def test_a_postgresql_url_may_name_the_folder_of_a_socket() -> None:
    """As libpq writes it, with the port that names the socket's file."""
    entry = database("postgresql://shop:pw@/shop?host=/run/pg&port=6432")
    assert (entry["HOST"], entry["PORT"], entry["OPTIONS"]) == ("/run/pg", "6432", {})


def test_four_slashes_begin_an_absolute_sqlite_path() -> None:
    """And three a relative one."""
    assert database("sqlite:////srv/shop.sqlite3")["NAME"] == "/srv/shop.sqlite3"
    assert database("sqlite:///shop.sqlite3")["NAME"] == "shop.sqlite3"


def test_options_that_a_project_gave_its_sqlite_stay() -> None:
    """Ours are defaults."""
    entry = with_safe_sqlite({"OPTIONS": {"timeout": 3}})
    assert entry["OPTIONS"]["timeout"] == 3
    assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_a_url_replaces_only_where_the_projects_database_is() -> None:
    """A geographical backend, its transactions and its tests stay."""
    declared = {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "NAME": "monolith",
        "USER": "me",
        "PASSWORD": "mine",
        "HOST": "localhost",
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 60,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {"application_name": "ours", "sslmode": "require"},
        "TEST": {"TEMPLATE": "template_postgis"},
    }
    assert database("postgresql://u:p@/orders?host=/run/pg&sslmode=disable", declared) == {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "NAME": "orders",
        "USER": "u",
        "PASSWORD": "p",
        "HOST": "/run/pg",
        "PORT": "",
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {"application_name": "ours", "sslmode": "disable"},
        "TEST": {"TEMPLATE": "template_postgis"},
    }
    assert declared["NAME"] == "monolith"


def test_options_of_another_kind_of_database_are_no_options_of_this_one() -> None:
    """Local SQLite, PostgreSQL elsewhere; what concerns Django alone stays."""
    declared = {
        "ENGINE": "django.db.backends.sqlite3",
        "ATOMIC_REQUESTS": True,
        "OPTIONS": {"timeout": 3},
    }
    entry = database("postgresql://u:p@/orders?host=/run/pg", declared)
    assert (entry["ENGINE"], entry["OPTIONS"]) == (POSTGRESQL, {})
    assert entry["ATOMIC_REQUESTS"]
    entry = database("sqlite:///x.sqlite3", {"ENGINE": POSTGRESQL, "OPTIONS": {"sslmode": "x"}})
    assert entry["ENGINE"] == "django.db.backends.sqlite3"
    assert "sslmode" not in entry["OPTIONS"]


def test_a_pool_of_connections_is_not_made_persistent() -> None:
    """Django refuses both together."""
    declared = {"ENGINE": POSTGRESQL, "OPTIONS": {"pool": True}}
    assert database("postgresql://u:p@/orders?host=/run/pg", declared)["CONN_MAX_AGE"] == 0


def test_a_backend_of_the_projects_own_stays() -> None:
    """Its name need not tell what it derives from."""
    entry = database("postgresql://u:p@h/x", {"ENGINE": "shop.db.backend"})
    assert entry["ENGINE"] == "shop.db.backend"
