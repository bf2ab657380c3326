"""A name leads to where it is defined, as Python's imports would."""

from __future__ import annotations

import pytest

from tests.unit.tools.assess.linking.modules import names_of

FILES = {
    "pkg/__init__.py": "from .models import *\nfrom . import late as later\n",
    "pkg/models/__init__.py": "from .one import One, _hidden\nfrom pkg.models.two import *\n",
    "pkg/models/one.py": (
        "class One:\n    class Meta: pass\n    kind = 1\n_hidden = 1\nalias = One\n"
    ),
    "pkg/models/two.py": "__all__ = ['Two']\nclass Two: pass\nclass Private: pass\n",
    "pkg/late.py": "import pkg.models.one as one\nimport os.path\nimport pkg.models.two\n",
    "pkg/sub/deep.py": "from ...pkg.models.one import One as Uno\nfrom ..late import one\n",
    "use.py": (
        "from pkg import One, Two, later\n"
        "import pkg\n"
        "from external.models import Thing\n"
        "from django.db import models as m\n"
        "try:\n    from missing import maybe\nexcept ImportError:\n    maybe = None\n"
        "if 1:\n    from pkg.models.one import One as which\nelse:\n    which = None\n"
        "from star import *\n"
    ),
    "circle/__init__.py": "from .base import *\nfrom .late import *\n",
    "circle/base.py": "class Base: pass\n",
    "circle/late.py": "from circle import Base\nclass Late(Base): pass\n",
    "loop_a.py": "from loop_b import *\nfrom loop_b import x\n",
    "loop_b.py": "from loop_a import *\nfrom loop_a import x\nclass Here: pass\n",
}


@pytest.mark.parametrize(
    ("module", "name", "leads_to"),
    [
        ("use", "One", "pkg.models.one.One"),
        ("use", "Two", "pkg.models.two.Two"),
        ("use", "One.Meta", "pkg.models.one.One.Meta"),
        ("use", "One.kind", "pkg.models.one.One.kind"),
        ("use", "later", "pkg.late"),
        ("use", "later.one.One", "pkg.models.one.One"),
        ("use", "pkg.models.one.alias", "pkg.models.one.One"),
        ("use", "pkg.models.Two", "pkg.models.two.Two"),
        ("use", "Thing", "external.models.Thing"),
        ("use", "Thing.objects", "external.models.Thing.objects"),
        ("use", "m.ForeignKey", "django.db.models.ForeignKey"),
        ("use", "maybe", "missing.maybe"),
        ("use", "which", "pkg.models.one.One"),
        ("use", "from_star", "star.from_star"),
        ("use", "print", None),
        ("pkg", "Private", None),
        ("pkg.models", "_hidden", "pkg.models.one._hidden"),
        ("pkg", "_hidden", None),
        ("pkg.late", "os.path", "os.path"),
        ("pkg.late", "pkg.models.two.Two", "pkg.models.two.Two"),
        ("pkg.sub.deep", "Uno", "pkg.models.one.One"),
        ("pkg.sub.deep", "one.One", "pkg.models.one.One"),
        ("loop_a", "Here", "loop_b.Here"),
        ("circle", "Base", "circle.base.Base"),
        ("circle.late", "Base", "circle.base.Base"),
    ],
)
def test_a_name_leads_to_its_definition(module: str, name: str, leads_to: str | None) -> None:
    names = names_of(FILES)
    place = names.find(module)
    assert place is not None
    symbol = names.resolve(place, name)
    assert (symbol.dotted if symbol is not None else None) == leads_to


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"manage.py": "", "shop/models.py": ""}, "shop.models"),
        ({"src/shop/__init__.py": "", "src/shop/models.py": ""}, "shop.models"),
        ({"backend/manage.py": "", "backend/shop/models.py": ""}, "shop.models"),
        ({"apps/shop/__init__.py": "", "apps/shop/models.py": ""}, "apps.shop.models"),
        ({"apps/shop/__init__.py": "", "apps/shop/models.py": ""}, "shop.models"),
        ({"__init__.py": "", "shop/__init__.py": "", "shop/models.py": ""}, "project.shop.models"),
    ],
)
def test_modules_are_found_wherever_a_project_keeps_its_packages(
    files: dict[str, str], name: str
) -> None:
    module = names_of(files).find(name)
    assert module is not None
    assert module.path.endswith("shop/models.py")


def test_of_two_modules_with_one_name_the_nearer_one_is_taken() -> None:
    names = names_of(
        {
            "one/manage.py": "",
            "one/config/__init__.py": "",
            "one/config/names.py": "class A: pass\n",
            "one/use.py": "from config.names import A\n",
            "two/manage.py": "",
            "two/config/__init__.py": "",
            "two/config/names.py": "class A: pass\n",
            "two/other/__init__.py": "",
            "two/other/use.py": "from config.names import A\n",
        }
    )
    user = names.find("other.use")
    assert user is not None
    symbol = names.resolve(user, "A")
    assert symbol is not None
    assert symbol.module is not None
    assert symbol.module.path == "two/config/names.py"
