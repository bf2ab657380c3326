"""What a real PostgreSQL says of a row that it refuses, in other languages than English."""

import io
import logging
from collections.abc import Iterator

import psycopg
import pytest
import structlog

from ramet.telemetry import configure
from ramet.telemetry.failures import described
from tests.conftest import Databases

SECRET = "5ecret"
SAID = {
    "German": ("23505", f"Schlüssel »(name, at)=(a) b, {SECRET})« existiert bereits."),
    "French": ("23502", f"La ligne en échec contient (1, (x), {SECRET}\n, null)."),
    "Japanese": ("23503", f'テーブル"b"にはキー(name)=({SECRET})が存在しません。'),
    "a value": ("22P02", f"Das Token »{SECRET}« ist ungültig."),
}


@pytest.fixture(scope="module")
def url(postgres: Databases) -> str:
    return postgres.create_database("refused")


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("language", SAID)
@pytest.mark.parametrize("as_json", [True, False])
def test_its_values_are_told_nowhere(url: str, language: str, as_json: bool) -> None:
    stream = io.StringIO()
    configure("orders", "web", stream=stream, as_json=as_json)
    code, detail = SAID[language]
    try:
        try:
            with psycopg.connect(url) as connection:
                connection.execute(
                    f"DO $$ BEGIN RAISE 'refused' USING ERRCODE = '{code}',"
                    f" CONSTRAINT = 'unique_name', DETAIL = $d${detail}$d$; END $$"
                )
        except psycopg.Error as error:
            raise ValueError("not stored") from error
    except ValueError as error:
        cause = error.__cause__
        assert SECRET in str(cause)
        told = described(error)
        logging.getLogger("x").exception("failed: %s", cause)
        structlog.get_logger("x").error("failed", error=repr(cause), exc_info=error)
    lines = stream.getvalue()
    assert "refused" in told["exception.stacktrace"]
    assert lines.count("refused") >= 4
    assert SECRET not in lines + str(told)
