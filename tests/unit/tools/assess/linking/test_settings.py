"""Settings are evaluated as far as source decides them, and no further."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.tools.assess.linking.settings import Settings, evaluate
from ramet.tools.assess.scanning import scan
from tests.unit.tools.assess.linking.conftest import put
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


BASE = """
from configurations import Configuration
OWN = ["b"]
class Base(Configuration):
    DJANGO = ["a"]
    INSTALLED_APPS = DJANGO + OWN
    ROOT_URLCONF = "config.urls"
"""


@pytest.mark.parametrize(
    ("source", "apps"),
    [
        ("from config.base import Base\nclass Live(Base):\n    DEBUG = False", "ab"),
        ("from .base import Base as Of\nclass Live(Of):\n    DEBUG = False", "ab"),
        ("from . import base\nclass Base(base.Base):\n    DEBUG = False", "ab"),
        ("from .base import Base", "ab"),
        ("from .base import *", "ab"),
        ("from .live import Live", "abc"),
        (
            "from .base import Base\nclass Live(Base):\n"
            "    INSTALLED_APPS = Base.INSTALLED_APPS + ['c']",
            "abc",
        ),
        (
            "from . import base\nclass Live(base.Base):\n"
            "    INSTALLED_APPS = [*base.Base.DJANGO, 'c']",
            "ac",
        ),
        (
            "from .base import Base\nclass Middle(Base):\n    pass\n"
            "class Live(Middle):\n    INSTALLED_APPS = Middle.INSTALLED_APPS + ['c']",
            "abc",
        ),
        (
            "from .base import Base\nclass More:\n    MORE = ['c']\n"
            "class Live(More, Base):\n    INSTALLED_APPS = Base.INSTALLED_APPS + More.MORE",
            "abc",
        ),
        (
            "from .base import Base\nclass One(Base):\n"
            "    INSTALLED_APPS = Base.INSTALLED_APPS + ['c']\n"
            "class Two(Base):\n    INSTALLED_APPS = Base.INSTALLED_APPS + ['d']",
            "abcd",
        ),
        (
            "from .base import Base\nclass Live(Base):\n    @property\n"
            "    def INSTALLED_APPS(self):\n        return super().INSTALLED_APPS + ['c']",
            "abc",
        ),
    ],
)
def test_classes_of_settings_have_what_they_inherit_from_other_modules(
    source: str, apps: str
) -> None:
    live = (
        "from config.base import Base\n"
        "class Live(Base):\n    INSTALLED_APPS = Base.INSTALLED_APPS + ['c']\n"
    )
    found = settings_of(source, {"config/base.py": BASE, "config/live.py": live})
    assert "".join(sorted(found.texts("INSTALLED_APPS"))) == apps
    assert found.values["ROOT_URLCONF"] == "config.urls"
    assert "property" in source or found.partial == {}


def test_a_class_of_settings_that_inherits_from_itself_ends() -> None:
    found = settings_of(
        "from .base import Base\nclass Base(Base):\n    INSTALLED_APPS = ['a']\n",
        {"config/base.py": "from .settings import Base\n"},
    )
    assert found.texts("INSTALLED_APPS") == ["a"]


def test_settings_that_are_a_class_of_another_module_are_the_ones_in_use(tmp_path: Path) -> None:
    """What `manage.py` names is taken, and no app guessed beside it."""
    files = {
        "manage.py": 'setdefault("DJANGO_SETTINGS_MODULE", "config")\n',
        "config/__init__.py": "from .local import Local\n",
        "config/local.py": "from .base import Base\n\n\nclass Local(Base):\n    DEBUG = True\n",
        "config/base.py": "class Base:\n    INSTALLED_APPS = ['shop']\n",
        **{f"{app}/__init__.py": "" for app in ("shop", "bank", "old")},
        **{f"{app}/models.py": MODELS for app in ("shop", "bank", "old")},
    }
    found = scan(put(tmp_path, files))
    assert found.project.settings == ["config"]
    assert [model.label for model in found.models] == ["shop.Thing"]
    assert found.gaps == []


PARTS = {
    "config/parts/base.py": "INSTALLED_APPS = ['a']\nAUTH_USER_MODEL = 'a.User'\n",
    "config/parts/more.py": "INSTALLED_APPS += ['b']\n",
    "config/parts/deeper/none.py": "INSTALLED_APPS += ['x']\n",
    "config/places/live.py": "INSTALLED_APPS += ['c']\n",
    "config/places/test.py": "INSTALLED_APPS += ['d']\n",
    "config/elsewhere.py": "INSTALLED_APPS += ['y']\n",
}


@pytest.mark.parametrize(
    ("included", "apps"),
    [
        ("'parts/base.py', 'parts/more.py'", "ab"),
        ("'parts/*.py', optional('places/none.py')", "ab"),
        ("*['parts/base.py', optional('parts/more.py')]", "ab"),
        ("*FILES", "abcd"),
        ("*(BASES + ['parts/more.py'])", "ab"),
        ("'parts/*.py', f'places/{os.environ[0]}.py'", "abcd"),
        ("'parts/*.py', 'places/' + ENV + '.py'", "abcd"),
        ("'parts/*.py', 'places/%s.py' % ENV", "abcd"),
        ("'parts/*.py', 'places/{}.py'.format(ENV)", "abcd"),
        ("'parts/*.py', f'places/{KNOWN}.py'", "abc"),
        ("'parts/base.py', ENV, scope=globals()", "a"),
        ("'../config/parts/base.py', 'settings.py'", "a"),
    ],
)
def test_files_that_settings_include_stand_in_their_place(included: str, apps: str) -> None:
    found = settings_of(
        "from split_settings.tools import include, optional\n"
        "ENV, KNOWN, BASES = os.environ['ENV'], 'live', ['parts/base.py']\n"
        "FILES = ('parts/*.py', optional('places/{0}.py'.format(ENV)))\n"
        f"include({included})\n",
        PARTS,
    )
    assert "".join(found.texts("INSTALLED_APPS")) == apps
    assert found.values["AUTH_USER_MODEL"] == "a.User"


def test_another_function_of_that_name_includes_nothing() -> None:
    found = settings_of("from django.urls import include\ninclude('parts/*.py')\n", PARTS)
    assert found.texts("INSTALLED_APPS") == []


# -- Which settings a name means ------------------------------------------------------------------

MODELS = "from django.db import models\n\n\nclass Thing(models.Model):\n    pass\n"


def tree(start: str, app: str, *, manage: bool = True, is_package: bool = True) -> dict[str, str]:
    """An app and split settings whose names count from a folder; other settings are there too."""
    return {
        **({f"{start}/__init__.py": ""} if is_package else {}),
        **({f"{start}/manage.py": ""} if manage else {}),
        f"{start}/core/settings/base.py": f"INSTALLED_APPS = ['{app}']\n",
        f"{start}/core/settings/live.py": "from core.settings.base import *\n",
        f"{start}/core/settings/__init__.py": "",
        f"{start}/core/__init__.py": "",
        f"{start}/{app}/__init__.py": "",
        f"{start}/{app}/models.py": MODELS,
        f"{start}/other.py": "INSTALLED_APPS = []\n",
    }


@pytest.mark.parametrize(
    "files",
    [
        tree("web", "shop"),
        tree("web", "shop", is_package=False),
        tree("a/b/web", "shop"),
        tree("src", "shop", manage=False),
        tree("src", "shop", manage=False, is_package=False),
        tree("server/src", "shop", manage=False),
    ],
)
def test_a_name_counts_from_every_folder_with_a_manage_py_and_from_src(
    tmp_path: Path, files: dict[str, str]
) -> None:
    found = scan(put(tmp_path, files), settings="core.settings.live")
    assert found.project.settings == ["core.settings.live"]
    assert [model.label for model in found.models] == ["shop.Thing"]
    assert found.gaps == []


def test_a_name_that_a_manage_py_within_a_package_gives_counts_from_there(tmp_path: Path) -> None:
    files = tree("web", "shop") | {
        "web/manage.py": 'setdefault("DJANGO_SETTINGS_MODULE", "core.settings.live")\n',
        "web/core/wsgi.py": 'setdefault("DJANGO_SETTINGS_MODULE", "core.settings.base")\n',
        "bank/__init__.py": "",
        "bank/shop/__init__.py": "",
    }
    put(tmp_path, files)
    found = scan(tmp_path)
    assert found.project.settings == ["core.settings.live", "core.settings.base"]
    assert [(app.package, app.is_own) for app in found.apps] == [("shop", True)]
    for name in ("core.settings.live", "web.core.settings.live"):
        assert scan(tmp_path, settings=name).models == found.models


def test_of_a_name_that_may_be_two_modules_both_are_told(tmp_path: Path) -> None:
    put(tmp_path, tree("one", "shop") | tree("two", "bank"))
    with pytest.raises(DiagnosticError) as refusal:
        scan(tmp_path, settings="core.settings.live")
    [mistake] = refusal.value.mistakes
    assert mistake.reference == "ambiguous-settings"
    assert "one/core/settings/live.py" in mistake.found
    assert "two/core/settings/live.py" in mistake.found


def test_a_folder_on_the_path_settles_which_one_it_is(tmp_path: Path) -> None:
    put(tmp_path, tree("one", "shop") | tree("two", "bank"))
    found = scan(tmp_path, settings="core.settings.live", pythonpath=[tmp_path / "two"])
    assert [model.label for model in found.models] == ["bank.Thing"]


def test_a_name_counts_from_the_project_before_it_does_from_within(tmp_path: Path) -> None:
    put(tmp_path, tree("one", "shop", is_package=False))
    put(tmp_path, {"core/settings/live.py": "INSTALLED_APPS = ['bank']\n"})
    put(tmp_path, {"bank/__init__.py": "", "bank/models.py": MODELS})
    found = scan(tmp_path, settings="core.settings.live")
    assert [model.label for model in found.models] == ["bank.Thing"]


# -- Apps that are for tests ----------------------------------------------------------------------


def apps(*names: str, init: bool = True) -> dict[str, str]:
    """Packages with a model each."""
    files = {f"{name}/models.py": MODELS for name in names}
    return files | ({f"{name}/__init__.py": "" for name in names} if init else {})


@pytest.mark.parametrize("init", [True, False])
@pytest.mark.parametrize("folder", ["tests", "test_utils", "testapp", "integration_tests"])
def test_what_only_settings_of_tests_install_is_no_app_where_its_folder_is_of_tests(
    tmp_path: Path, folder: str, init: bool
) -> None:
    """Whether or not it has an `__init__.py`; of tests, not every app is one of tests."""
    installed = f"INSTALLED_APPS = ['lib', 'lib.{folder}.sample']\n"
    files = {"lib/__init__.py": "", "lib/tests/settings.py": installed, **apps("lib")}
    found = scan(put(tmp_path, files | apps(f"lib/{folder}/sample", init=init)))
    assert [app.package for app in found.apps] == ["lib"]
    assert [model.label for model in found.models] == ["lib.Thing"]


def test_an_app_that_the_project_installs_is_one_whatever_it_is_called(tmp_path: Path) -> None:
    """With what its functions do; its own tests stay tests."""
    views = "from testing.models import Thing\n\n\ndef make():\n    Thing.objects.create()\n"
    files = {
        "settings.py": "INSTALLED_APPS = ['testing', 'test_utils']\n",
        "manage.py": 'setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
        "testing/views.py": views,
        "testing/tests/test_views.py": views,
        **apps("testing", "test_utils"),
    }
    found = scan(put(tmp_path, files))
    assert {model.label for model in found.models} == {"testing.Thing", "test_utils.Thing"}
    assert [function.file for function in found.functions] == ["testing/views.py"]


def test_apps_of_tests_are_not_added_from_their_settings_to_those_of_the_project(
    tmp_path: Path,
) -> None:
    files = {
        "live.py": "INSTALLED_APPS = ['shop']\n",
        "more.py": "INSTALLED_APPS = ['bank']\n",
        "tests/settings.py": "INSTALLED_APPS = ['shop', 'tests.sample', 'old']\n",
        **apps("shop", "bank", "old", "tests/sample"),
        "tests/__init__.py": "",
    }
    found = scan(put(tmp_path, files))
    assert {app.package for app in found.apps} == {"shop", "bank", "old"}


def test_settings_of_tests_that_are_asked_for_install_what_they_say(tmp_path: Path) -> None:
    files = {
        "settings.py": "INSTALLED_APPS = ['shop']\n",
        "tests/settings.py": "INSTALLED_APPS = ['shop', 'tests.sample']\n",
        **apps("shop", "tests/sample"),
        "tests/__init__.py": "",
    }
    found = scan(put(tmp_path, files), settings="tests.settings")
    assert {model.label for model in found.models} == {"shop.Thing", "sample.Thing"}
    assert found.project.settings == ["tests.settings"]
