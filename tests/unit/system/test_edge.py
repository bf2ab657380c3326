"""What ramet.toml says about traffic from outside: read into numbers, mistakes at their line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.system import Canary, Cors, Gateway, Rate, Switches, System
from tests.unit.system.conftest import MINIMAL

Read = Callable[[str], System]
Refusal = Callable[[str], str]
ROUTED = MINIMAL + 'routes = ["/orders/"]\n'


def test_every_key_of_the_gateway_arrives(read: Read, folder: Path) -> None:
    """Relative files are of the folder of ramet.toml."""
    text = """\
[gateway]
listen          = "0.0.0.0:443"
issuer          = "orders"
tls             = "files"
certificate     = "tls/tls.crt"
key             = "/etc/tls.key"
public_url      = "https://shop.example"
redirect_from   = "0.0.0.0:80"
rate_by_address = "600/minute"
rate_by_user    = "10/second"

[gateway.cors]
origins     = ["https://app.example", "http://localhost:3000"]
methods     = ["GET"]
headers     = ["x-a"]
expose      = ["x-b"]
credentials = true
max_age     = "1h"
"""
    cors = Cors(
        origins=("https://app.example", "http://localhost:3000"),
        methods=("GET",),
        headers=("x-a",),
        expose=("x-b",),
        credentials=True,
        max_age=3600,
    )
    assert read(MINIMAL + text).gateway == Gateway(
        host="0.0.0.0",
        port=443,
        issuer="orders",
        tls="files",
        certificate=folder / "tls/tls.crt",
        key=Path("/etc/tls.key"),
        given_url="https://shop.example",
        redirect_from=("0.0.0.0", 80),
        rate_by_address=Rate(600, 60),
        rate_by_user=Rate(10, 1),
        cors=cors,
    )


def test_every_key_of_a_service_arrives(read: Read) -> None:
    """Sizes in bytes, times in seconds, shares in percent."""
    text = """\
streams         = ["/orders/live/"]
largest_body    = "25MiB"
receive_within  = "2m"
answer_within   = "60s"
rate_by_address = "5/hour"

[services.orders.canary]
address = "10.0.0.7:8443"
weight  = "10%"
sticky  = true
"""
    orders = read(ROUTED + text).services["orders"]
    assert orders.streams == ("/orders/live/",)
    assert orders.largest_body == 25 * 1024 * 1024
    assert (orders.receive_within, orders.answer_within) == (120, 60)
    assert (orders.rate_by_address, orders.rate_by_user) == (Rate(5, 3600), None)
    assert orders.canary == Canary("10.0.0.7:8443", 10, sticky=True)


@pytest.mark.parametrize(
    ("change", "first_line"),
    [
        ('[gateway]\nlisten = "0.0.0.0:8000"', "ramet.toml:9: plain-http"),
        ('[gateway]\nlisten = "shop.example:8000"', "ramet.toml:9: plain-http"),
        ('[gateway]\ntls = "on"', "ramet.toml:9: invalid-value"),
        ('[gateway]\ntls = "files"\nkey = "k"', "ramet.toml:9: missing-key"),
        ('[gateway]\nkey = "k"', "ramet.toml:9: needless-certificate"),
        ('[gateway]\ntls = "balancer"', "ramet.toml:9: missing-public-url"),
        (
            '[gateway]\ntls = "balancer"\npublic_url = "http://shop.example"',
            "ramet.toml:9: missing-public-url",
        ),
        ('[gateway]\npublic_url = "https://shop.example"', "ramet.toml:9: wrong-scheme"),
        ('[gateway]\npublic_url = "http://shop.example/x"', "ramet.toml:9: invalid-value"),
        ('[gateway]\nredirect_from = "127.0.0.1:80"', "ramet.toml:9: needless-redirect"),
        (
            '[gateway]\ntls = "local"\nredirect_from = "127.0.0.1:8000"',
            "ramet.toml:10: needless-redirect",
        ),
        ('[gateway]\nrate_by_address = "600 a minute"', "ramet.toml:9: invalid-value"),
        ('[gateway]\nrate_by_user = "1/second"', "ramet.toml:9: no-users"),
        ('[gateway]\ncors = "*"', "ramet.toml:9: wrong-type"),
        ("[gateway.cors]\ncredentials = true", "ramet.toml:8: missing-key"),
        ('[gateway.cors]\norigins = ["https://a/b"]', "ramet.toml:9: invalid-value"),
        (
            '[gateway.cors]\norigins = ["*"]\ncredentials = true',
            "ramet.toml:10: credentials-for-everybody",
        ),
        ('[gateway.cors]\norigins = ["*", "https://a"]', "ramet.toml:9: invalid-value"),
        ('[gateway.cors]\norigins = ["*"]\ncredentials = "yes"', "ramet.toml:10: wrong-type"),
        ('[gateway.cors]\norigins = ["*"]\norigin = "*"', "ramet.toml:10: unknown-key"),
        ('streams = ["/live/"]', "ramet.toml:8: stream-outside-routes"),
        (
            '[services.web]\napps = ["shop.users"]\nroutes = ["/"]\nstreams = ["/orders/live/"]',
            "ramet.toml:11: stream-outside-routes",
        ),
        ('largest_body = "1GiB"', "ramet.toml:8: invalid-value"),
        ('largest_body = "101MiB"', "ramet.toml:8: invalid-value"),
        ('answer_within = "1.5s"', "ramet.toml:8: invalid-value"),
        ('rate_by_user = "1/second"', "ramet.toml:8: no-users"),
        ('[services.orders.canary]\nweight = "10%"', "ramet.toml:8: missing-key"),
        (
            '[services.orders.canary]\naddress = "/x.sock"\nweight = "101%"',
            "ramet.toml:10: invalid-value",
        ),
        (
            '[services.orders.canary]\naddress = "999.0.0.1:80"\nweight = "1%"',
            "ramet.toml:9: invalid-value",
        ),
    ],
)
def test_a_mistake_is_told_at_its_line(refusal: Refusal, change: str, first_line: str) -> None:
    """One mistake, one message."""
    text = refusal(ROUTED + change)
    assert text.startswith(first_line + "\n")
    assert "\n\n" not in text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]"])
def test_plain_http_is_for_this_machine(read: Read, host: str) -> None:
    """Every spelling of loopback."""
    assert read(MINIMAL + f'[gateway]\nlisten = "{host}:8000"').gateway.tls == "off"


def test_a_balancer_in_front_allows_plain_http_anywhere(read: Read) -> None:
    """Said so, with where browsers go."""
    text = '[gateway]\nlisten = "0.0.0.0:80"\ntls = "balancer"\npublic_url = "https://shop.example"'
    assert read(MINIMAL + text).gateway.public_url == "https://shop.example"


def test_what_an_operator_switched_wins_over_the_file() -> None:
    """Only for the service that was named."""
    switches = Switches(weights=(("orders", 50),))
    assert (switches.weight("orders", 10), switches.weight("users", 10)) == (50, 10)


@pytest.mark.parametrize(
    "value",
    ["embedded", "redis://h:6379/1", "rediss://h", "$REDIS_URL", "file:/run/x", "http://h:8081"],
)
def test_rates_may_be_counted_in_several_places(read: Read, value: str) -> None:
    text = f'[gateway]\nrate_by_address = "9/hour"\n[infrastructure]\nrates = "{value}"\n'
    system = read(ROUTED + text)
    assert system.infrastructure.rates == value
    assert system.has_shared_rates is (value != "embedded")


@pytest.mark.parametrize("value", ["memory", "redis:", "amqp://h", "http://h:8081/path"])
def test_another_place_for_rates_is_refused(refusal: Refusal, value: str) -> None:
    told = refusal(ROUTED + f'[infrastructure]\nrates = "{value}"\n')
    assert "invalid-value" in told
    assert f'rates = "{value}"' in told


def test_shared_rates_without_a_rate_are_refused(refusal: Refusal) -> None:
    told = refusal(ROUTED + '[infrastructure]\nrates = "redis://h"\n')
    assert "no-rates" in told
    assert "rate_by_address" in told
