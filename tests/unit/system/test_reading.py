"""A right file becomes a System; a wrong one tells every mistake with its line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.system import Gateway, Infrastructure, Service, System, Telemetry, find, load
from tests.unit.system.conftest import MINIMAL

Read = Callable[[str], System]
Refusal = Callable[[str], str]

FULL = """\
[system]
name     = "shop"
settings = "shop.settings"

[services.users]
apps   = ["shop.users", "django.contrib.auth"]
routes = ["/api/v1/users/", "/o/"]
owner  = "identity team"

[services.shipping]
command  = ["node", "shipping/server.mjs"]
contract = "shop/settings.py"
routes   = ["/"]

[candidates.users]
models = ["shop.Address"]

[gateway]
listen = "127.0.0.1:8000"
issuer = "users"

[infrastructure]
postgres  = "$DATABASES"
broker    = "nats://nats.example:4222"
telemetry = "dashboard"
discovery = "local"

[telemetry]
sample = 0.1
slow   = "250ms"
"""


def test_every_key_arrives_in_the_system(read: Read, folder: Path) -> None:
    """The whole System, so that a forgotten key shows."""
    assert read(FULL) == System(
        name="shop",
        settings="shop.settings",
        services={
            "users": Service(
                "users",
                apps=("shop.users", "django.contrib.auth"),
                routes=("/api/v1/users/", "/o/"),
                owner="identity team",
            ),
            "shipping": Service(
                "shipping",
                command=("node", "shipping/server.mjs"),
                contract="shop/settings.py",
                routes=("/",),
            ),
        },
        gateway=Gateway("127.0.0.1", 8000, "users"),
        infrastructure=Infrastructure(
            postgres="$DATABASES",
            broker="nats://nats.example:4222",
            telemetry="dashboard",
            discovery="local",
        ),
        path=folder / "ramet.toml",
        telemetry=Telemetry(sample=0.1, slow=0.25),
        candidates={"users": ("shop.Address",)},
    )


def test_what_is_left_out_has_a_default_that_works_locally(read: Read) -> None:
    """Only the system and one service must be declared."""
    system = read(MINIMAL)
    assert system.gateway == Gateway("127.0.0.1", 8000, None)
    assert system.infrastructure == Infrastructure("embedded", "embedded", "dashboard", "local")


def test_the_file_is_found_from_a_folder_below(read: Read, folder: Path) -> None:
    """As git does it."""
    read(MINIMAL)
    assert find(folder / "shop" / "orders") == folder / "ramet.toml"


def test_every_mistake_of_one_reading_is_reported_together(refusal: Refusal) -> None:
    """In the order of the file, the whole text compared."""
    assert refusal(
        """\
[system]
name = "shop"
settings = "shop.setings"

[services.users]
apps   = ["shop.users",
          "shop.user"]
rotues = ["/o/"]
routes = ["/o/", "o"]

[services.orders]
apps   = ["shop.orders", "shop.users"]
routes = ["/o/x/"]
owner  = true

[gateway]
listen = "127.0.0.1:80000"
issuer = "user"

[gatway]
"""
    ) == (
        "ramet.toml:3: missing-settings\n"
        f'  found     "shop.setings", but no such module in {Path.cwd().name}/\n'
        "  expected  the Django settings module of this project\n"
        "  remedy    Create shop/setings.py, or correct the name.\n"
        "\n"
        "ramet.toml:7: missing-app\n"
        f'  found     "shop.user", but neither shop/user/ in {Path.cwd().name}/ '
        "nor an installed package\n"
        "  expected  an importable Django app\n"
        '  remedy    Did you mean "shop.users"?\n'
        "\n"
        "ramet.toml:8: unknown-key\n"
        '  found     "rotues" in [services.users]\n'
        "  expected  one of apps, routes, owner, command, contract, calls, streams, largest_body, "
        "receive_within, answer_within, rate_by_address, rate_by_user, canary\n"
        '  remedy    Did you mean "routes"?\n'
        "\n"
        "ramet.toml:9: invalid-value\n"
        '  found     routes = "o"\n'
        '  expected  path prefixes that start and end with a slash, such as "/api/v1/orders/"\n'
        '  remedy    Write routes = ["/api/v1/orders/"], or the like.\n'
        "\n"
        "ramet.toml:12: app-owned-twice\n"
        '  found     "shop.users" in orders, which is also in users\n'
        "  expected  one owner for each app\n"
        "  remedy    Remove it from orders or from users.\n"
        "\n"
        "ramet.toml:13: overlapping-routes\n"
        '  found     "/o/x/" of orders and "/o/" of users\n'
        '  expected  routes of which none begins with another\'s (except "/", for the rest)\n'
        "  remedy    Change one of them, or give both to users or to orders.\n"
        "\n"
        "ramet.toml:14: wrong-type\n"
        "  found     owner with a boolean\n"
        "  expected  a string: a name\n"
        '  remedy    Write owner = "orders team", or the like.\n'
        "\n"
        "ramet.toml:17: invalid-value\n"
        '  found     listen = "127.0.0.1:80000"\n'
        '  expected  an address and a port from 1 to 65534, such as "127.0.0.1:8000"\n'
        '  remedy    Write listen = "127.0.0.1:8000".\n'
        "\n"
        "ramet.toml:18: unknown-issuer\n"
        '  found     "user", which is no service\n'
        "  expected  one of users, orders, or the URL of a foreign issuer\n"
        '  remedy    Did you mean "users"?\n'
        "\n"
        "ramet.toml:20: unknown-table\n"
        '  found     "gatway"\n'
        "  expected  one of system, services, candidates, gateway, infrastructure, telemetry\n"
        '  remedy    Did you mean "gateway"?'
    )


def test_malformed_toml_tells_its_line(refusal: Refusal) -> None:
    """The words between are tomllib's and differ between versions of Python."""
    text = refusal(MINIMAL + "routes = [/o/]\n")
    assert text.startswith("ramet.toml:7: malformed-toml\n  found     ")
    assert ", in: routes = [/o/]\n" in text
    assert text.endswith("look for a quote or a bracket that is not closed.")


def test_toml_that_ends_too_early_tells_its_last_line(refusal: Refusal) -> None:
    """tomllib says "at end of document" there."""
    assert refusal('[system]\nname = """shop\n').startswith("ramet.toml:2: malformed-toml\n")


@pytest.mark.parametrize(
    ("change", "first_line"),
    [
        ('owner = ["a"]', "ramet.toml:7: wrong-type"),
        ("routes = []", "ramet.toml:7: wrong-type"),
        ('routes = "/o/"', "ramet.toml:7: wrong-type"),
        ('routes = ["/a/../b/"]', "ramet.toml:7: invalid-value"),
        ('routes = ["/.ramet/calls/"]', "ramet.toml:7: reserved-route"),
        ('command = ["node"]', "ramet.toml:7: two-kinds-of-service"),
        ('contract = "openapi.yaml"', "ramet.toml:7: needless-contract"),
        ('calls = ["users"]', "ramet.toml:7: needless-calls"),
        ('[services.ship]\ncommand = ["x"]\ncalls = ["ordesr"]', "ramet.toml:9: unknown-callee"),
        ('[services.ship]\ncommand = ["x"]\ncalls = ["ship"]', "ramet.toml:9: unknown-callee"),
        ('[services.Users]\napps = ["shop.users"]', "ramet.toml:7: invalid-name"),
        ('[services.monolith]\napps = ["shop.users"]', "ramet.toml:7: reserved-name"),
        ('[services.issuer]\napps = ["shop.users"]', "ramet.toml:7: reserved-name"),
        ('[services.template1]\napps = ["shop.users"]', "ramet.toml:7: reserved-name"),
        ('[services.pg-users]\napps = ["shop.users"]', "ramet.toml:7: reserved-name"),
        ('[services.users]\nowner = "me"', "ramet.toml:7: empty-service"),
        ('[services.ship]\ncommand = ["x"]\ncontract = "no"', "ramet.toml:9: missing-contract"),
        ('[gateway]\nlisten = "8000"', "ramet.toml:8: invalid-value"),
        ('[gateway]\nlisten = "127.0.0.1:0"', "ramet.toml:8: invalid-value"),
        ('[infrastructure]\nbroker = "embeded"', "ramet.toml:8: invalid-value"),
        ('[infrastructure]\npostgres = "mysql://h/x"', "ramet.toml:8: invalid-value"),
        ("[telemetry]\nsample = 1.1", "ramet.toml:8: invalid-value"),
        ('[telemetry]\nsample = "0.1"', "ramet.toml:8: wrong-type"),
        ("[telemetry]\nsample = true", "ramet.toml:8: wrong-type"),
        ('[telemetry]\nslow = "1h"', "ramet.toml:8: invalid-value"),
        ("[[gateway]]", "ramet.toml:7: wrong-type"),
    ],
)
def test_a_wrong_value_is_found_at_its_line(refusal: Refusal, change: str, first_line: str) -> None:
    """One mistake each, so that no second one hides it."""
    assert [line for line in refusal(MINIMAL + change).splitlines() if line[0] == "r"] == [
        first_line
    ]


def test_a_system_without_services_tells_what_to_add(refusal: Refusal) -> None:
    """The first file that somebody writes."""
    assert refusal('[system]\nname = "shop"\nsettings = "shop.settings"\n') == (
        "ramet.toml:1: missing-table\n"
        "  found     no [services.NAME]\n"
        "  expected  at least one service\n"
        "  remedy    Add [services.NAME] with the apps of a service."
    )


@pytest.mark.parametrize(
    "line",
    [
        'discovery = "kubernetes"',
        'discovery = "consul://h"',
        'discovery = "$DISCOVERY"',
    ],
)
def test_what_nothing_implements_is_refused_at_its_line(refusal: Refusal, line: str) -> None:
    """Accepted, it would do nothing, and nobody would be told."""
    assert refusal(f"{MINIMAL}[infrastructure]\n{line}\n").startswith(
        f"ramet.toml:8: not-built-yet\n  found     {line}, which is not built yet\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        'postgres = "postgresql://shop:hunter2@db.example/shop"',
        'broker = "nats://u:hunter2@nats.example:4222"',
        'broker = "nats://nats.example:4222/?token=hunter2"',
    ],
)
def test_a_secret_is_refused_and_not_repeated(refusal: Refusal, line: str) -> None:
    """The message may end in a log."""
    text = refusal(f"{MINIMAL}[infrastructure]\n{line}\n")
    assert text.startswith("ramet.toml:8: secret-in-file\n")
    assert "hunter2" not in text


def test_a_secret_in_an_invalid_value_is_not_repeated_either(refusal: Refusal) -> None:
    """Both mistakes are told, neither shows it."""
    text = refusal(f'{MINIMAL}[infrastructure]\npostgres = "mysql://u:hunter2@h/x"\n')
    assert "invalid-value" in text
    text += refusal(f'{MINIMAL}[infrastructure]\nbroker = "mqtt://u:hunter2@h/x"\n')
    assert "hunter2" not in text


@pytest.mark.parametrize(
    "url",
    [
        *("nats://h:4222", "tls://h:4222", "kafka://a:9092,b:9092", "kafkas://h", "amqp://h/v"),
        *(
            "amqps://h",
            "redis://h/0?replicas=1",
            "rediss://h",
            "postgres://h/x",
            "postgresql://h/x",
        ),
    ],
)
def test_the_url_of_every_broker_is_taken_as_it_is(read: Read, url: str) -> None:
    """It is passed on to the processes."""
    system = read(f'{MINIMAL}[infrastructure]\nbroker = "{url}"\n')
    assert system.infrastructure.broker == url


def test_the_catch_all_route_may_stand_beside_others(read: Read) -> None:
    """The longest prefix wins at the gateway."""
    system = read(
        MINIMAL + 'routes = ["/"]\n[services.users]\napps = ["shop.users"]\nroutes = ["/o/"]\n'
    )
    assert system.services["orders"].routes == ("/",)


def test_no_file_at_all_tells_where_was_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The most frequent mistake: the wrong folder."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DiagnosticError) as raised:
        load()
    assert str(raised.value) == (
        f"{tmp_path}: no-system\n"
        "  found     no ramet.toml here or in a parent folder\n"
        "  expected  a ramet.toml, which declares a system\n"
        "  remedy    Change to the folder of your project, or write one beside its manage.py."
    )


def test_a_file_that_is_not_utf8_is_a_mistake_not_a_traceback(folder: Path) -> None:
    """Saved by an old editor."""
    (folder / "ramet.toml").write_bytes(b'[system]\nname = "caf\xe9"\n')
    with pytest.raises(DiagnosticError, match="a byte that is not UTF-8 at offset 20"):
        load()


def test_a_named_file_that_is_not_there_is_a_mistake(folder: Path) -> None:
    """RAMET_TOML with a typing error."""
    with pytest.raises(DiagnosticError, match="No such file or directory"):
        load(folder / "other.toml")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('issuer = "http://id.example/o"', "which is not https"),
        ('issuer = "https://id.example/o?tenant=1"', "which has a query or a fragment"),
        ('issuer = "https://me@id.example/"', "which names a user"),
        ('issuer = "https://id.example:x/"', "which is no URL"),
        ('issuer = "https:///o"', "which is no URL"),
        ('token_types = ["JWT"]', "token_types without a foreign issuer"),
        (
            'issuer = "orders"\ntoken_algorithm = "ES256"',
            "token_algorithm without a foreign issuer",
        ),
        ('issuer = "https://id.example/"\ntoken_types = ["id"]', '"at+jwt", "JWT", or both'),
        ('issuer = "https://id.example/"\ntoken_algorithm = "none"', '"RS256", "PS256" or "ES256"'),
    ],
)
def test_an_issuer_that_could_not_be_trusted_is_refused(
    refusal: Refusal, lines: str, said: str
) -> None:
    told = refusal(f"{MINIMAL}\n[gateway]\n{lines}\n")
    assert said in told
    assert told.count("expected") == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "[::1]"])
def test_an_issuer_on_this_machine_may_be_http(read: Read, host: str) -> None:
    system = read(f'{MINIMAL}\n[gateway]\nissuer = "http://{host}/realms/shop"\n')
    assert system.has_foreign_issuer
    assert system.audience == system.name
    assert system.gateway.token_types == ("at+jwt",)


def test_what_a_foreign_issuer_does_otherwise_is_declared(read: Read) -> None:
    system = read(
        f"""{MINIMAL}
[gateway]
issuer = "https://shop.eu.auth0.com/"
audience = "https://api.shop.example"
token_types = ["at+jwt", "JWT"]
token_algorithm = "ES256"
"""
    )
    assert system.audience == "https://api.shop.example"
    assert system.gateway.token_types == ("at+jwt", "JWT")
    assert system.gateway.token_algorithm == "ES256"


def test_a_model_has_one_candidate_and_a_candidate_the_name_of_a_service(
    refusal: Refusal,
) -> None:
    """Each with its line."""
    told = refusal(
        MINIMAL + "[candidates.Mail]\nmodels = ['a.B']\n[candidates.post]\nmodels = ['a.B', 'b']\n"
    )
    assert "invalid-name" in told
    assert "model-owned-twice" in told
    assert "invalid-value" in told
