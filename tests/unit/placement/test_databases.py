"""Database URLs become Django's settings."""

from ramet.placement.databases import database, with_safe_sqlite


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
        "OPTIONS": {"sslmode": "require"},
    }


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
