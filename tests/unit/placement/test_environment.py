"""A process learns its place from variables; what is not set follows from ramet.toml."""

import os
from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.placement.environment import Environment
from ramet.system import Gateway, Infrastructure, Service, System

SYSTEM = System(
    name="shop",
    settings="shop.settings",
    services={
        "users": Service("users", apps=("shop.users",)),
        "orders": Service("orders", apps=("shop.orders",)),
        "shipping": Service("shipping", command=("node",)),
    },
    gateway=Gateway("127.0.0.1", 8000, "users"),
    infrastructure=Infrastructure(),
    path=Path("/srv/shop/ramet.toml"),
)


def test_with_nothing_set_all_django_services_live_here_and_the_issuer_signs() -> None:
    """The whole of it."""
    assert Environment.read({}, SYSTEM) == Environment(
        services=frozenset({"users", "orders"}),
        public_url="http://localhost:8000",
        issuer="http://localhost:8000/o",
        jwks_url="http://localhost:8000/o/.well-known/jwks.json",
        signing_keys=Path("/srv/shop/.ramet/secrets/signing-keys.pem"),
    )


def test_other_services_fetch_the_keys_through_the_mesh_and_sign_nothing() -> None:
    """Over a Unix socket, whose path is quoted into the URL's host."""
    environment = Environment.read(
        {"RAMET_SERVICES": "orders", "RAMET_MESH_URL": "unix:/run/x/{caller}.out.sock"}, SYSTEM
    )
    assert environment.jwks_url == (
        "http+unix://users@%2Frun%2Fx%2Forders.out.sock/o/.well-known/jwks.json"
    )
    assert environment.signing_keys is None
    assert environment.mesh_url("users", "orders") == "unix:/run/x/orders.out.sock"


def test_the_mesh_may_be_a_host_for_each_service() -> None:
    """As in Kubernetes."""
    environment = Environment.read(
        {"RAMET_SERVICES": "orders", "RAMET_MESH_URL": "http://{service}:8080"}, SYSTEM
    )
    assert environment.mesh_url("payments", "orders") == "http://payments:8080"
    assert environment.jwks_url == "http://users:8080/o/.well-known/jwks.json"


def test_a_process_without_a_mesh_has_no_address_of_others() -> None:
    """It must not guess one."""
    assert Environment.read({}, SYSTEM).mesh_url("orders", "users") is None


def test_the_instance_is_that_of_the_process_that_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork server reads the environment once and forks many processes."""
    environment = Environment.read({}, SYSTEM)
    monkeypatch.delenv("RAMET_INSTANCE", raising=False)
    assert environment.instance.endswith(f"-{os.getpid()}")
    monkeypatch.setenv("RAMET_INSTANCE", "orders-worker-1")
    assert environment.instance == "orders-worker-1"


def test_secrets_are_not_in_its_repr() -> None:
    """Django's debug page shows settings.RAMET."""
    environment = Environment.read(
        {
            "RAMET_DATABASE_URL": "postgresql://u:hunter2@h/x",
            "RAMET_BROKER_URL": "nats://u:hunter2@h:4222",
            "RAMET_SECRET_KEY": "hunter2",
            "RAMET_DEMO_PASSWORD": "hunter2",
            "RAMET_CELERY_BROKER_URL": "redis://:hunter2@h/0",
        },
        SYSTEM,
    )
    assert environment.demo_password == "hunter2"
    assert "hunter2" not in repr(environment)


def test_every_wrong_value_is_told_and_no_password() -> None:
    """The whole text."""
    with pytest.raises(DiagnosticError) as raised:
        Environment.read(
            {
                "RAMET_SERVICES": "orders,shipping",
                "RAMET_DATABASE_URL": "mysql://u:hunter2@h/x",
                "RAMET_MESH_URL": "http://mesh:8080",
                "RAMET_BROKER_URL": "nats://h:hunter2",
            },
            SYSTEM,
        )
    assert str(raised.value) == (
        "RAMET_SERVICES: unknown-service\n"
        '  found     "shipping"\n'
        "  expected  Django services of ramet.toml: orders, users\n"
        "  remedy    Correct RAMET_SERVICES, or unset it for all services in one process.\n"
        "\n"
        "RAMET_DATABASE_URL: invalid-environment\n"
        "  found     a value that begins with 'mysql'\n"
        "  expected  a URL such as postgresql://user:password@host:5432/name or sqlite:///path\n"
        "  remedy    Correct RAMET_DATABASE_URL, or unset it.\n"
        "\n"
        "RAMET_BROKER_URL: invalid-environment\n"
        "  found     a value that begins with 'nats'\n"
        "  expected  a URL such as nats://user:password@host:4222\n"
        "  remedy    Correct RAMET_BROKER_URL, or unset it.\n"
        "\n"
        "RAMET_MESH_URL: invalid-environment\n"
        "  found     a value that begins with 'http'\n"
        "  expected  a URL such as unix:/run/x/{caller}.out.sock or http://{service}:8080\n"
        "  remedy    Correct RAMET_MESH_URL, or unset it."
    )


def test_secrets_may_be_in_files_and_in_other_variables(tmp_path: Path) -> None:
    names = ("RAMET_SECRET_KEY", "RAMET_DATABASE_URL", "RAMET_BROKER_URL")
    values = ("hunter2", "postgresql://u:hunter2@h/x", "nats://u:hunter2@h:4222")
    for name, value in zip(names, values, strict=True):
        (tmp_path / name).write_text(value + "\n")
        (tmp_path / name).chmod(0o600)
    environ = {name: f"file:{tmp_path}/{name}" for name in names}
    environment = Environment.read(
        {**environ, "RAMET_CELERY_BROKER_URL": "$QUEUE", "QUEUE": "redis://:hunter2@h/0"}, SYSTEM
    )
    assert (environment.secret_key, environment.database_url, environment.broker_url) == values
    assert environment.celery_broker_url == "redis://:hunter2@h/0"


def test_every_secret_that_cannot_be_read_is_told_beside_what_else_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("mysql://u:hunter2@h/x")
    (tmp_path / "url").chmod(0o600)
    with pytest.raises(DiagnosticError) as raised:
        Environment.read(
            {
                "RAMET_SECRET_KEY": f"file:{tmp_path}/none",
                "RAMET_BROKER_URL": "$QUEUE",
                "RAMET_DATABASE_URL": f"file:{tmp_path}/url",
            },
            SYSTEM,
        )
    told = [(mistake.where, mistake.reference) for mistake in raised.value.mistakes]
    assert told == [
        ("RAMET_SECRET_KEY", "secret-file"),
        ("RAMET_BROKER_URL", "environment-unset"),
        ("RAMET_DATABASE_URL", "invalid-environment"),
    ]
    assert "hunter2" not in str(raised.value)
