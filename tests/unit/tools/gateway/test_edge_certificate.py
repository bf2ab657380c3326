"""A certificate that Envoy or a browser would refuse is refused before, with its setting."""

from datetime import timedelta
from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.system import Gateway
from ramet.tools.gateway import require_usable
from tests.integration.gateway.papers import certificate


def gateway(files: tuple[Path, Path], url: str = "https://shop.example") -> Gateway:
    """A gateway with these files."""
    return Gateway(tls="files", certificate=files[0], key=files[1], given_url=url)


def refusal(of: Gateway) -> str:
    """What the user is told."""
    with pytest.raises(DiagnosticError) as raised:
        require_usable(of)
    return str(raised.value)


def test_a_good_pair_is_taken(tmp_path: Path) -> None:
    require_usable(gateway(certificate(tmp_path, host="shop.example")))


def test_without_files_there_is_nothing_to_look_at() -> None:
    require_usable(Gateway(tls="local"))


def test_missing_files_are_both_told(tmp_path: Path) -> None:
    text = refusal(gateway((tmp_path / "no.crt", tmp_path / "no.key")))
    assert text.startswith("[gateway] certificate: certificate-unreadable\n")
    assert f"{tmp_path / 'no.crt'}: No such file or directory" in text
    assert "\n\n[gateway] key: key-unreadable\n" in text


def test_a_key_of_another_certificate(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    pair = certificate(one, host="shop.example")[0], certificate(other, host="shop.example")[1]
    assert refusal(gateway(pair)).startswith("[gateway] key: certificate-key-mismatch\n")


@pytest.mark.parametrize(
    ("began", "ends", "reference", "word"),
    [(-2, -1, "certificate-expired", "expired on"), (1, 2, "certificate-not-yet-valid", "begins")],
)
def test_a_certificate_of_another_time(
    tmp_path: Path, began: int, ends: int, reference: str, word: str
) -> None:
    days = {"began": timedelta(days=began), "ends": timedelta(days=ends)}
    text = refusal(gateway(certificate(tmp_path, host="shop.example", **days)))
    assert text.startswith(f"[gateway] certificate: {reference}\n")
    assert word in text


def test_a_certificate_for_another_name(tmp_path: Path) -> None:
    text = refusal(gateway(certificate(tmp_path, host="other.example")))
    assert "certificate-of-another-name" in text
    assert "which is for other.example, 127.0.0.1" in text


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://shop.example", True),
        ("https://a.shop.example", False),
        ("https://example", False),
    ],
)
def test_a_star_stands_for_one_label(tmp_path: Path, url: str, is_good: bool) -> None:
    of = gateway(certificate(tmp_path, host="*.example"), url)
    if is_good:
        require_usable(of)
    else:
        assert "certificate-of-another-name" in refusal(of)


def test_a_file_that_is_no_key_is_not_quoted(tmp_path: Path) -> None:
    pair = certificate(tmp_path, host="shop.example")
    pair[1].write_text("hunter2")
    text = refusal(gateway(pair))
    assert "a private key in PEM" in text
    assert "hunter2" not in text
