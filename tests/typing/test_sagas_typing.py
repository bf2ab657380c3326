"""Type checkers see sagas as their authors wrote them: mypy's verdict on sagas_samples.py."""

import re
from pathlib import Path

from mypy import api

SAMPLES = Path(__file__).with_name("sagas_samples.py")

CONFIGURATION = """\
[mypy]
strict = True
mypy_path = {source}
follow_imports = silent

[mypy-pycurl]
ignore_missing_imports = True
"""


def test_mypy_finds_the_mistakes_of_the_samples_and_no_others(root: Path, tmp_path: Path) -> None:
    configuration = tmp_path / "mypy.ini"
    configuration.write_text(CONFIGURATION.format(source=root / "src"))
    cache = f"--cache-dir={root / '.mypy_cache' / 'saga_samples'}"
    verdict, problems, _ = api.run([f"--config-file={configuration}", cache, str(SAMPLES)])
    assert not problems
    expected = {
        (number, code)
        for number, line in enumerate(SAMPLES.read_text().splitlines(), 1)
        for code in re.findall(r"\[([a-z-]+)\]", line.partition("  # error: ")[2])
    }
    found = {
        (int(match[1]), match[2])
        for match in re.finditer(r"sagas_samples\.py:(\d+): error: .*\[([a-z-]+)\]$", verdict, re.M)
    }
    assert found == expected, verdict
    assert len(expected) > 5
