"""Only the process of runserver that answers requests works events off."""

import pytest

from ramet.events.runserver import is_serving


@pytest.mark.parametrize(
    ("arguments", "run_main", "expected"),
    [
        (["manage.py", "runserver"], "true", True),
        (["manage.py", "runserver"], None, False),
        (["manage.py", "runserver", "8001", "--noreload"], None, True),
        (["manage.py", "migrate"], None, False),
        (["manage.py", "test", "runserver"], "true", False),
        (["granian"], None, False),
    ],
)
def test_the_serving_process_is_recognised(
    arguments: list[str], run_main: str | None, expected: bool
) -> None:
    assert is_serving(arguments, run_main) is expected
