"""Settings are evaluated as far as source decides them, and no further."""

from __future__ import annotations

import pytest

from ramet.tools.assess.linking.settings import Settings, evaluate
from tests.unit.tools.assess.linking.modules import names_of


def settings_of(source: str, more: dict[str, str] | None = None) -> Settings:
    """The settings of a module `config.settings`."""
    names = names_of(
        {"config/__init__.py": "", "config/settings.py": source, **(more or {})},
    )
    module = names.find("config.settings")
    assert module is not None
    return evaluate(names, module)


@pytest.mark.parametrize(
    "source",
    [
        "INSTALLED_APPS = ['a', 'b']",
        "INSTALLED_APPS = ('a', 'b')",
        "INSTALLED_APPS: list = ['a', 'b']",
        "INSTALLED_APPS = ['a']\nINSTALLED_APPS += ['b']",
        "INSTALLED_APPS = ['a']\nINSTALLED_APPS.append('b')",
        "INSTALLED_APPS = ['a']\nINSTALLED_APPS.extend(['b'])",
        "INSTALLED_APPS = ['b']\nINSTALLED_APPS.insert(0, 'a')",
        "FIRST = ['a']\nINSTALLED_APPS = FIRST + ['b']",
        "FIRST = ['a']\nINSTALLED_APPS = [*FIRST, 'b']",
        "INSTALLED_APPS = list(dict.fromkeys(['a', 'b', 'a']))",
        "INSTALLED_APPS = [name for name in ['a', 'b']]",
        "INSTALLED_APPS = ['a']\nif DEBUG:\n    INSTALLED_APPS += ['b']",
        "INSTALLED_APPS = ['a']\nif DEBUG:\n    INSTALLED_APPS = ['a', 'b']",
        "from .base import *\nINSTALLED_APPS += ['b']",
        "from config.base import INSTALLED_APPS as OLD\nINSTALLED_APPS = OLD + ['b']",
        "from config import base\nINSTALLED_APPS = base.INSTALLED_APPS + ['b']",
        "from config.base import more\nINSTALLED_APPS = ['a'] + more()",
        "INSTALLED_APPS = env.list('APPS', default=['a', 'b'])",
        "from configurations import Configuration\n"
        "class Base(Configuration):\n    INSTALLED_APPS = ['a', 'b']",
        "class Base:\n    @property\n    def INSTALLED_APPS(self):\n        return ['a', 'b']",
    ],
)
def test_apps_are_found_however_they_are_listed(source: str) -> None:
    found = settings_of(
        source, {"config/base.py": "INSTALLED_APPS = ['a']\ndef more():\n    return ['b']\n"}
    )
    assert sorted(found.texts("INSTALLED_APPS")) == ["a", "b"]


@pytest.mark.parametrize(
    "line",
    [
        "INSTALLED_APPS += os.environ['APPS'].split(',')",
        "INSTALLED_APPS.append(name)",
        "INSTALLED_APPS += [name]",
        "INSTALLED_APPS = INSTALLED_APPS + plugins()",
        "for each in plugins:\n    INSTALLED_APPS += each.apps",
    ],
)
def test_what_is_known_at_run_time_alone_is_told_with_its_place(line: str) -> None:
    found = settings_of(f"INSTALLED_APPS = ['a']\n{line}\n")
    assert found.texts("INSTALLED_APPS") == ["a"]
    path, number = found.partial["INSTALLED_APPS"]
    assert (path, number) == ("config/settings.py", 2 + line.count("\n"))


def test_a_class_that_works_a_setting_out_may_add_to_what_is_seen_of_it() -> None:
    found = settings_of(
        "class Base:\n    @property\n    def INSTALLED_APPS(self):\n"
        "        apps = ['a']\n        apps.append(self.more)\n        return apps\n"
    )
    assert found.texts("INSTALLED_APPS") == ["a"]
    assert found.partial["INSTALLED_APPS"] == ("config/settings.py", 3)


def test_a_module_that_star_imports_itself_ends() -> None:
    found = settings_of(
        "from .other import *\nNAME = 'a'\n", {"config/other.py": "from .settings import *\n"}
    )
    assert found.values["NAME"] == "a"
