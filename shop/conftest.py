"""What the tests of all services need: a real PostgreSQL, and people with tokens.

The tests run the monolith, on the database of production: locks and constraints are what they test.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from rest_framework.test import APIClient

from ramet.identity import User, signing, verify
from ramet.identity.issuing import issue
from ramet.identity.settings import settings as identity
from ramet.placement.databases import database
from ramet.tools.local.postgres import Postgres
from shop.products import services as products
from shop.products.models import Product


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database on a server of this test run's own."""
    folder = tmp_path_factory.mktemp("postgres")
    server = Postgres(folder / "data", folder / "run", folder / "postgres.log")
    server.start()
    try:
        yield server.create_database(f"shop_{uuid4().hex[:8]}")
    finally:
        server.stop()


@pytest.fixture(scope="session")
def django_db_setup(postgres_url: str, django_db_blocker: Any) -> Iterator[None]:
    """Put that database in the place of the settings' SQLite file, and migrate it."""
    connections.databases["default"] = connections.configure_settings(
        {"default": database(postgres_url)}
    )["default"]
    del connections["default"]
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        yield
        connections.close_all()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _no_attempts(settings: Any) -> None:
    """Every test comes from one address, and none has attempts of another one against it."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


@pytest.fixture
def person() -> Callable[..., User]:
    """`person("products:write")`: somebody with a real token of these scopes."""

    def sign_in(*scopes: str, id: UUID | str | None = None) -> User:
        accepted = identity()
        assert accepted.signing_keys is not None  # this process is the provider's
        token = issue(
            signing.load(accepted.signing_keys)[0],
            issuer=accepted.issuer,
            audience=accepted.audience,
            subject=str(id or uuid4()),
            client_id="tests",
            scopes=scopes,
            username="someone",
        )
        return User(verify(token))

    return sign_in


@pytest.fixture
def alice(person: Callable[..., User]) -> User:
    """A customer."""
    return person()


@pytest.fixture
def bob(person: Callable[..., User]) -> User:
    """Another customer."""
    return person()


@pytest.fixture
def staff(person: Callable[..., User]) -> User:
    """Somebody who may change the catalogue."""
    return person("products:write")


@pytest.fixture
def api() -> Callable[[User | None], APIClient]:
    """`api(alice)` talks to the public API as alice, `api(None)` as nobody."""

    def client(user: User | None) -> APIClient:
        made = APIClient()
        if user is not None:
            made.credentials(HTTP_AUTHORIZATION=f"Bearer {user.claims.token}")
        return made

    return client


@pytest.fixture
def product(db: None) -> Callable[..., Product]:
    """`product("SPADE", stock=3, price="12.50")`."""

    def add(sku: str, *, stock: int = 100, price: str = "10.00", **fields: Any) -> Product:
        fields = {"name": f"A {sku}", "category": "Tools", **fields}
        return products.add(sku=sku, stock=stock, price=Decimal(price), **fields)

    return add


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """`at_once(f, items)` calls `f(item)` for all items in as many threads.

    Gives what came back, exceptions included. Each thread has its own database connection.
    """

    def run(function: Callable[[Any], Any], items: Any) -> list[Any]:
        def one(item: Any) -> Any:
            try:
                return function(item)
            except Exception as error:  # noqa: BLE001 - the test looks at it
                return error
            finally:
                connection.close()

        items = list(items)
        with ThreadPoolExecutor(len(items)) as pool:
            return list(pool.map(one, items))

    return run
