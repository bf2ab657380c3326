"""The names of `ramet` itself: loaded when first used, and then as fast as any other."""

import subprocess
import sys

import pytest

import ramet


@pytest.mark.parametrize("name", ramet.__all__)
def test_a_public_name_is_looked_up_once(name: str) -> None:
    value = getattr(ramet, name)
    assert vars(ramet)[name] is value


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'ramet' has no attribute 'clinet'"):
        _ = ramet.clinet  # type: ignore[attr-defined]


def test_importing_ramet_loads_neither_django_nor_any_of_its_parts() -> None:
    code = (
        "import ramet, sys; print([m for m in sys.modules if m.startswith(('django', 'ramet.'))])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20
    )
    assert answer.stdout.strip() == "[]"
