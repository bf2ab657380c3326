"""Every service's OpenAPI document, tried through the gateway by schemathesis.

It makes requests that the document allows and such as it forbids, and looks at the answers: no
5xx, no undocumented status, type or shape, nothing accepted that the document refuses and nothing
refused that it allows, no method beside those documented, no answer without the token it needs.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.running_shop import RunningShop

CONFIG = Path(__file__).with_name("schemathesis.toml")
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
SERVICES = ("users", "products", "orders", "payments")
ACTORS = {"customer": "bob", "staff": "erin", "nobody": None}


def tried(
    shop: RunningShop, service: str, actor: str, phases: str, examples: int, timeout: float
) -> None:
    """Fail with what schemathesis found, and how to send each request again."""
    user = ACTORS[actor]
    token = [] if user is None else ["--header", f"Authorization: Bearer {shop.token(user)}"]
    done = subprocess.run(
        [
            str(SCHEMATHESIS),
            f"--config-file={CONFIG}",
            "run",
            f"{shop.url}/api/v1/{service}/schema/",
            f"--url={shop.url}",
            f"--phases={phases}",
            f"--max-examples={examples}",
            "--generation-deterministic",
            "--no-color",
            "--suppress-health-check=all",
            *token,
        ],
        cwd=shop.folder,  # where it may leave what it remembers
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert "operations" in done.stdout.lower()


@pytest.mark.parametrize(
    ("service", "actor"),
    # Staff everywhere, the others where most is open to them. The long test has all pairs.
    [
        *((service, "staff") for service in SERVICES),
        ("users", "nobody"),
        ("products", "nobody"),
        ("orders", "customer"),
        ("payments", "customer"),
    ],
)
def test_a_service_answers_as_its_document_says(
    shop: RunningShop, service: str, actor: str
) -> None:
    # Each edge of each field once, by who may do most; others are mostly told that they may not.
    phases = "coverage,fuzzing" if actor == "staff" else "fuzzing"
    tried(shop, service, actor, phases, examples=3, timeout=100)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_answers_as_its_document_says_however_often_it_is_asked(
    shop: RunningShop, service: str, actor: str
) -> None:
    """With a token of an hour: five minutes are too short for so many examples."""
    if (user := ACTORS[actor]) is not None:
        command = ("ramet_token", user, "--lifetime", "3600")
        token = shop.ramet("manage", "users", "--", *command).strip()
        shop.tokens[user] = f"inf {token}"
    tried(shop, service, actor, "coverage,fuzzing", examples=100, timeout=800)
