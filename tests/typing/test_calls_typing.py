"""Type checkers see contracts as their authors wrote them: mypy's verdict on calls_samples.py."""

import re
from pathlib import Path

import pytest
from mypy import api

SAMPLES = Path(__file__).with_name("calls_samples.py")

CONFIGURATION = """\
[mypy]
strict = True
mypy_path = {source}
follow_imports = silent
# The advice of docs/how-to/call-another-service.md: the bodies of a contract never run.
disable_error_code = empty-body

[mypy-pycurl]
ignore_missing_imports = True
"""


@pytest.fixture(scope="module")
def verdict(root: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("mypy")
    configuration = folder / "mypy.ini"
    configuration.write_text(CONFIGURATION.format(source=root / "src"))
    cache = f"--cache-dir={root / '.mypy_cache' / 'samples'}"
    out, problems, _ = api.run([f"--config-file={configuration}", cache, str(SAMPLES)])
    assert not problems
    return out


def test_mypy_finds_the_mistakes_of_the_samples_and_no_others(verdict: str) -> None:
    expected = {
        (number, code)
        for number, line in enumerate(SAMPLES.read_text().splitlines(), 1)
        for code in re.findall(r"\[([a-z-]+)\]", line.partition("  # error: ")[2])
    }
    found = {
        (int(match[1]), match[2])
        for match in re.finditer(r"calls_samples\.py:(\d+): error: .*\[([a-z-]+)\]$", verdict, re.M)
    }
    assert found == expected, verdict
    assert len(expected) > 10
