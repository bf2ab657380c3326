"""A project of two services in a folder of its own; the tests here run tests in it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

FILES = {
    "ramet.toml": """
        [system]
        name = "village"
        settings = "village_settings"
        [services.bakery]
        apps = ["bakery"]
        [services.post]
        apps = ["post"]
    """,
    "village_settings.py": """
        import ramet
        SECRET_KEY = "only-for-tests"
        USE_TZ = True
        INSTALLED_APPS = ["bakery", "post"]
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
        ROOT_URLCONF = "village_settings"
        urlpatterns = []
        ramet.place(globals())
    """,
    "bakery/__init__.py": "",
    "bakery/contract.py": """
        import ramet

        class SoldOut(ramet.Refused):
            kind: str

        class Bakery(ramet.Contract, version=1):
            @ramet.operation(deadline="2s", idempotent=True)
            def bake(self, kind: str) -> str:
                "Bake one, and return what it is."

            @ramet.operation(deadline="2s", idempotent=True)
            def eat(self, kind: str) -> None:
                "Undo."

            @ramet.operation
            def where(self) -> list[str]:
                "The names of thread and language, and what is left of the deadline."
    """,
    "bakery/events.py": """
        import ramet

        @ramet.event(version=1, key="kind")
        class Baked:
            kind: str
            number: int = 0
    """,
    "bakery/services.py": """
        import threading
        import ramet
        from django.db import transaction
        from django.utils import translation
        from bakery.contract import Bakery
        from bakery.events import Baked
        from ramet.calls.context import remaining

        done = []

        @ramet.implements(Bakery)
        class Oven:
            def bake(self, kind: str) -> str:
                done.append(kind)
                return kind.upper()
            def eat(self, kind: str) -> None:
                done.append(f"ate {kind}")
            def where(self) -> list[str]:
                name = threading.current_thread() is threading.main_thread()
                return [str(name), str(translation.get_language()), str(round(remaining(), 1))]

        def announce(*numbers, kind="roll"):
            with transaction.atomic():
                ramet.publish(*(Baked(kind=kind, number=number) for number in numbers))
    """,
    "post/__init__.py": "",
    "post/handlers.py": """
        import ramet
        from bakery.events import Baked

        seen = []
        failing = []

        @ramet.subscribe(Baked, attempts=3)
        def carry(event: Baked) -> None:
            if event.number in failing:
                raise ValueError(f"cannot carry {event.number}")
            seen.append((event.kind, event.number))
    """,
    "post/sagas.py": """
        import ramet
        from bakery.contract import Bakery

        class Parcel(ramet.Saga, version=1):
            kind: str
            inside: str = ""

            @ramet.step(undo="unpack", attempts=3, timeout="30s")
            def pack(self) -> None:
                self.inside = ramet.client(Bakery).bake(self.kind)

            def unpack(self) -> None:
                ramet.client(Bakery).eat(self.kind)

            @ramet.step(undo=None)
            def weigh(self) -> None:
                if self.kind == "stone":
                    raise ValueError("too heavy")

            @ramet.step(pivot=True, atomic=True)
            def send(self) -> None: ...

            @ramet.step
            def sign(self) -> None:
                if self.kind == "ghost":
                    raise ValueError("nobody signs")
    """,
    "pytest.ini": """
        [pytest]
        DJANGO_SETTINGS_MODULE = village_settings
        pythonpath = .
        addopts = --strict-markers -p no:cacheprovider
    """,
}

HEADER = """
import pytest, ramet
from ramet.errors import DiagnosticError
from bakery import services
from bakery.contract import Bakery, SoldOut
from bakery.events import Baked
from bakery.services import announce, done
from post import handlers
from post.handlers import seen
from post.sagas import Parcel
from ramet.testing import HandlerFailed, NotSettled

@pytest.fixture(autouse=True)
def _clean():
    done.clear(), seen.clear(), handlers.failing.clear()
"""


@pytest.fixture
def village(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], pytest.RunResult]:
    """Run these tests in a process of their own, in the project; the result of pytest."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)  # that of the tests here
    for name, text in FILES.items():
        path = pytester.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))

    def run(tests: str) -> pytest.RunResult:
        (pytester.path / "test_village.py").write_text(HEADER + textwrap.dedent(tests))
        return pytester.runpytest_subprocess("-q", timeout=100)

    return run
