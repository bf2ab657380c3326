"""Type checkers see replicas as Django models: mypy's verdict on replicas_samples.py."""

import re
from pathlib import Path

import pytest
from mypy import api

SAMPLES = Path(__file__).with_name("replicas_samples.py")

CONFIGURATION = """\
[mypy]
strict = True
mypy_path = {root}/src:{root}
plugins = mypy_django_plugin.main
follow_imports = silent

[mypy.plugins.django-stubs]
django_settings_module = tests.settings
strict_settings = False

[mypy-pycurl]
ignore_missing_imports = True
"""


@pytest.mark.slow  # half a minute without a cache: it knows all of Django
def test_mypy_finds_the_mistakes_of_the_samples_and_no_others(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    configuration = tmp_path / "mypy.ini"
    configuration.write_text(CONFIGURATION.format(root=root))
    cache = f"--cache-dir={root / '.mypy_cache' / 'replica_samples'}"
    verdict, problems, _ = api.run([f"--config-file={configuration}", cache, str(SAMPLES)])
    assert not problems, problems
    expected = {
        (number, code)
        for number, line in enumerate(SAMPLES.read_text().splitlines(), 1)
        for code in re.findall(r"\[([a-z-]+)\]", line.partition("  # error: ")[2])
    }
    found = {
        (int(match[1]), match[2])
        for match in re.finditer(
            r"replicas_samples\.py:(\d+): error: .*\[([a-z-]+)\]$", verdict, re.M
        )
    }
    assert found == expected, verdict
