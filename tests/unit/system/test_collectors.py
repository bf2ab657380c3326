"""The headers that an OTLP collector wants, as the standard's variable has them."""

from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.system.collectors import headers

VARIABLE = "OTEL_EXPORTER_OTLP_HEADERS"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("api-key=s%20ecret, x-team = blue ,", (("api-key", "s ecret"), ("x-team", "blue"))),
        ("authorization=Basic%20YQ==", (("authorization", "Basic YQ=="),)),
    ],
)
def test_pairs_are_read_as_baggage_writes_them(text: str, found: object) -> None:
    assert headers({VARIABLE: text}) == found


def test_they_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("api-key=secret\n")
    file.chmod(0o600)
    assert headers({VARIABLE: f"file:{file}"}) == (("api-key", "secret"),)


@pytest.mark.parametrize(
    "text",
    [
        *("hunter2", "hunter2=", "=hunter2", "a b=hunter2", ":path=hunter2"),
        *("key=hunter2%0d%0ax: y", "key=hunter2%c3%a9", "key=good,hunter2"),
    ],
)
def test_what_is_no_header_is_refused_without_telling_it(text: str) -> None:
    """Envoy would refuse all of its listeners for it."""
    with pytest.raises(DiagnosticError, match=f"{VARIABLE}: invalid-environment") as told:
        headers({VARIABLE: text})
    assert "hunter2" not in str(told.value)
