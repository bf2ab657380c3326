"""`ramet up` with a foreign issuer: asked until it answers, and remembered when it does not."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.cli import _issuer
from ramet.cli._issuer import ForeignIssuer
from ramet.identity import KeysUnavailable, discovery

ISSUER = "https://id.example/realms/shop"
KEYS = "https://id.example/keys"


class Provider:
    """Gives what `answer` holds: an address, or a reason why not."""

    def __init__(self) -> None:
        self.answer: str | KeysUnavailable = KEYS

    def __call__(self, issuer: str) -> str:
        assert issuer == ISSUER
        if isinstance(self.answer, KeysUnavailable):
            raise self.answer
        return self.answer


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider()
    monkeypatch.setattr(discovery, "jwks_url", provider)
    return provider


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "issuer.json"


def test_only_another_answer_is_a_change(provider: Provider, memory: Path, said: list[str]) -> None:
    issuer = ForeignIssuer(ISSUER, memory, said.append)
    assert issuer.jwks_url is None
    assert issuer.ask()
    assert not issuer.ask()
    provider.answer = f"{KEYS}/new"
    assert issuer.ask()
    assert issuer.jwks_url == f"{KEYS}/new"
    assert said == []


def test_what_is_wrong_is_told_once_and_its_end_too(
    provider: Provider, memory: Path, said: list[str]
) -> None:
    issuer = ForeignIssuer(ISSUER, memory, said.append)
    provider.answer = KeysUnavailable("connection refused")
    assert not issuer.ask()
    assert not issuer.ask()
    provider.answer = KEYS
    assert issuer.ask()
    assert said == [
        "[gateway] issuer cannot be asked where its keys are: connection refused; "
        "requests with a token get 503 until it can",
        f"[gateway] issuer {ISSUER} answers now",
    ]


def test_the_last_good_answer_outlives_the_command(
    provider: Provider, memory: Path, said: list[str]
) -> None:
    ForeignIssuer(ISSUER, memory, said.append).ask()
    provider.answer = KeysUnavailable("gone")
    again = ForeignIssuer(ISSUER, memory, said.append)
    assert not again.ask()
    assert again.jwks_url == KEYS
    assert said[-1].endswith(f"its keys are still fetched from {KEYS}")


@pytest.mark.parametrize(
    "text", [json.dumps({"issuer": "https://other.example", "jwks_url": KEYS}), "[]", "{", "{}"]
)
def test_a_memory_of_something_else_is_none(memory: Path, said: list[str], text: str) -> None:
    memory.write_text(text)
    assert ForeignIssuer(ISSUER, memory, said.append).jwks_url is None


def test_it_is_asked_again_and_again_and_each_change_is_passed_on(
    provider: Provider,
    memory: Path,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    eventually: Callable[..., object],
) -> None:
    pauses: list[float] = []
    ended = threading.Event()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        provider.answer = KEYS if len(pauses) < 3 else f"{KEYS}/new"
        if len(pauses) == 5:
            ended.set()
            threading.Event().wait()  # for ever, as the thread would

    monkeypatch.setattr(_issuer.time, "sleep", sleep)
    provider.answer = KeysUnavailable("not yet")
    changes: list[str | None] = []
    issuer = ForeignIssuer(ISSUER, memory, said.append)
    issuer.keep_asking(lambda: changes.append(issuer.jwks_url))
    assert ended.wait(10)
    assert changes == [KEYS, f"{KEYS}/new"]
    assert pauses == [5.0, 300.0, 300.0, 300.0, 300.0]


def test_what_could_not_be_passed_on_is_told_once_and_passed_on_later(
    provider: Provider, memory: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    ended = threading.Event()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 4:
            ended.set()
            threading.Event().wait()  # for ever, as the thread would

    def changed() -> None:
        if len(pauses) < 2:
            raise OSError("no space left on device")
        changes.append(issuer.jwks_url)

    monkeypatch.setattr(_issuer.time, "sleep", sleep)
    changes: list[str | None] = []
    issuer = ForeignIssuer(ISSUER, memory, said.append)
    issuer.keep_asking(changed)
    assert ended.wait(10)
    assert changes == [KEYS]
    assert pauses == [5.0, 5.0, 300.0, 300.0]
    assert said == [
        "[gateway] cannot be told the address of the issuer's keys: no space left on device"
    ]


def test_an_answer_that_cannot_be_remembered_counts_all_the_same(
    provider: Provider, tmp_path: Path, said: list[str]
) -> None:
    issuer = ForeignIssuer(ISSUER, tmp_path / "gone" / "issuer.json", said.append)
    assert issuer.ask()
    assert issuer.jwks_url == KEYS
    assert "is not remembered: [Errno 2]" in said[0]
