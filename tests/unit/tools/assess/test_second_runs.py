"""After any change of the monolith, a run with a cache says what one without says."""

from __future__ import annotations

import ast
import io
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from ramet.tools.assess.assessing import assess, page, store_of_reports
from ramet.tools.assess.grouping import candidates
from ramet.tools.assess.linking.behaviour import joining
from ramet.tools.assess.looking import Wanted
from ramet.tools.assess.report import excerpts
from ramet.tools.assess.report.as_json import as_json
from ramet.tools.assess.scanning import scan
from ramet.tools.assess.source import extracting
from ramet.tools.assess.source.extracting import version
from ramet.tools.assess.source.store import Store, _located
from tests.unit.tools.assess.linking.conftest import put

MONOLITH = Path(__file__).parents[4] / "examples/monolith"

EDITS = [
    # In a function: what it calls, what it writes, where its lines stand.
    ("storefront/views.py", "request.basket.clear()", "request.basket.add('a', 1)"),
    ("users/services.py", "    user.save()\n", "    user.profile.delete()\n"),
    ("orders/services.py", '"""Placing', '\n\n"""Placing'),
    # What functions return: of those that others ask, and of those that nobody does.
    ("orders/models.py", "return self.filter(customer=user)", "return User.objects.all()"),
    ("users/models.py", "return Order.objects.open().filter(customer=self)", "return self.profile"),
    ("storefront/views.py", "    return redirect(found)\n", "    return found.reviews\n"),
    ("storefront/views.py", "    return found.reviews\n", ""),
    # Imports, in a module and in a function.
    ("orders/models.py", "import Address\n", "import Address, User\n"),
    ("users/letters.py", "from ", "from orders import reports\nfrom "),
    ("users/services.py", "from orders import services as orders", "import orders.tasks as orders"),
    # Models: fields, relations, names, bases.
    (
        "orders/models.py",
        "    notes = GenericRelation(Note)\n",
        "    notes = GenericRelation(Note)\n"
        "    packed_by = models.ForeignKey(Address, models.PROTECT, related_name='packed')\n",
    ),
    ("orders/models.py", "related_name='packed'", "related_name='+'"),
    ("orders/models.py", "class Coupon(Attributed)", "class Voucher(Attributed)"),
    ("core/models.py", "class Note(Attributed)", "class Note(TimeStamped)"),
    (
        "orders/models.py",
        "        ordering = [",
        "        db_table = 'orders'\n        ordering = [",
    ),
    # Settings, and files that come and go.
    ("config/settings.py", '    "payments",\n', ""),
    ("config/settings.py", '    "storefront.middleware.BasketMiddleware",\n', ""),
    ("payments/services.py", None, None),
    ("core/new.py", None, "from orders.models import Order\n\n\ndef f():\n    Order().save()\n"),
    ("core/new.py", "Order().save()", "return Order.objects.filter(address__city='')"),
    ("core/__init__.py", None, "from core.new import f\n"),
    ("orders/tasks.py", None, "def (\n"),
]

BOUNDARIES = """
[system]
name = "shop"
settings = "config.settings"

[services.people]
apps = ["users", "payments"]

[services.shop]
apps = ["core", "orders", "products", "storefront"]
"""

SHOWN = [
    # What no fact says: a line beside a cut, and a secret in it.
    ("storefront/views.py", "request.basket.clear()", "request.basket.set(1, 0)"),
    (
        "orders/services.py",
        "    return coupon\n",
        f"    key = 'AKIA{'X' * 16}'\n    return coupon\n",
    ),
    # Files that are no modules.
    ("storefront/templates/storefront/index.html", None, "{% url 'orders:place' %}"),
    ("ramet.toml", None, BOUNDARIES),
    ("ramet.toml", None, None),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the monolith that may be edited."""
    return shutil.copytree(MONOLITH, tmp_path / "monolith")


def edit(path: Path, old: str | None, new: str | None) -> None:
    """Put `new` where `old` is, or for all of the file; delete it where there is neither."""
    if old is not None:
        text = path.read_text()
        assert old in text, f"{path.name} has no {old!r}"
        path.write_text(text.replace(old, new or "", 1))
    elif new is not None:
        path.write_text(new)
    else:
        path.unlink()


def test_after_each_of_many_edits_the_cache_is_not_to_be_seen(root: Path, tmp_path: Path) -> None:
    before, visible = scan(root, cache=tmp_path / "cache"), 0
    for path, old, new in EDITS:
        edit(root / path, old, new)
        after = scan(root, cache=tmp_path / "cache")
        assert after == scan(root), f"{path}: {old!r} -> {new!r}"
        visible += after != before
        before = after
    assert visible > len(EDITS) * 0.8


def test_a_report_shows_no_sign_of_the_cache_either(root: Path, tmp_path: Path) -> None:
    """To the byte: the JSON and the page, of the first run and of those after each edit."""
    cache = tmp_path / "cache"
    before, visible = told(root, cache), 0
    assert before == told(root, cache) == told(root, None)
    for path, old, new in (*SHOWN, *EDITS[1:18:3]):
        edit(root / path, old, new)
        after = told(root, cache)
        assert after == told(root, None), f"{path}: {old!r} -> {new!r}"
        visible += after != before
        before = after
    assert visible > len(SHOWN)


@pytest.mark.parametrize(
    ("path", "old", "new", "anew"),
    [
        pytest.param(
            "storefront/views.py",
            '"form": ReviewForm(),',
            '"form": ReviewForm(),  # to be filled in',
            ["excerpts", "page"],
            id="a line beside a cut",
        ),
        pytest.param(
            "storefront/views.py",
            None,
            "more",
            ["page"],
            id="more lines, none of which says anything",
        ),
        pytest.param(
            "orders/services.py",
            '"""Placing',
            '\n\n"""Placing',
            ["judgement", "page"],
            id="lines stand elsewhere, and say the same",
        ),
        pytest.param(
            "storefront/views.py",
            "request.basket.clear()",
            "request.basket.clear()\n            Product.objects.filter(pk=1).update(name='')",
            ["judgement", "grouping", "excerpts", "page"],
            id="a function writes another model",
        ),
    ],
)
def test_only_what_a_change_has_to_do_with_is_worked_out_again(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    old: str | None,
    new: str,
    anew: list[str],
) -> None:
    """Of all that is kept for the report; excerpts are those of one file."""
    cache = tmp_path / "cache"
    stages: list[str] = []
    remembered = Store.remembered

    def counting(
        store: Store,
        stage: str,
        inputs: object,
        kind: type[Any],
        compute: Callable[[], Any],
        **how: bool,
    ) -> Any:
        def counted() -> Any:
            stages.append(stage)
            return compute()

        return remembered(store, stage, inputs, kind, counted, **how)

    monkeypatch.setattr(Store, "remembered", counting)
    make = excerpts._excerpts
    monkeypatch.setattr(
        excerpts, "_excerpts", lambda found: stages.append("excerpts") or make(found)
    )
    told(root, cache)
    assert stages.count("excerpts") > 5
    stages.clear()
    if old is None:
        with (root / path).open("a") as file:
            file.write(f"\n\n# {new}\n")
    else:
        edit(root / path, old, new)
    after = told(root, cache)
    assert [stage for stage in stages if stage != "joining"] == anew
    assert after == told(root, None)


def test_where_lines_stand_elsewhere_nothing_is_grouped_and_no_import_followed_again(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told(root, tmp_path / "cache")
    # One with an import below, of another app.
    edit(root / "orders/models.py", "class ", "\n\n# More is below.\n\n\nclass ")
    with monkeypatch.context() as patched:
        patched.setattr(candidates, "find_consensus", None)
        patched.setattr(joining, "import_edges", None)
        after = told(root, tmp_path / "cache")
    assert before != after == told(root, None)


def test_what_other_code_has_kept_is_of_no_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told by the content of its files, any of them, wherever it is installed."""
    assert version.__wrapped__() == version()

    def another(path: str, mode: str) -> io.BytesIO:
        content = Path(path).read_bytes()
        return io.BytesIO(
            content.replace(b"once", b"Once") if path == joining.__file__ else content
        )

    monkeypatch.setattr(extracting, "open", another, raising=False)
    assert version.__wrapped__() != version()


def told(root: Path, cache: Path | None) -> tuple[bytes, bytes]:
    """The JSON and the page of one run."""
    store = store_of_reports(cache)
    assessment = assess(Wanted(root), store, seeds=3, cache=cache)
    html = page(assessment, None, store)
    store.save()
    return b"".join(as_json(assessment.report)), html


def test_whichever_byte_of_the_cache_is_damaged_it_is_not_to_be_seen(
    root: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    fresh, chance = scan(root, cache=cache), random.Random(0)
    [kept] = cache.iterdir()
    content = kept.read_bytes()
    for _ in range(40):
        damaged = bytearray(content)
        damaged[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        kept.write_bytes(damaged)
        assert scan(root, cache=cache) == fresh


@pytest.mark.parametrize("name", ["grouping", "report"])
def test_whatever_is_kept_of_a_report_is_damaged_it_is_not_to_be_seen(
    root: Path, tmp_path: Path, name: str
) -> None:
    cache = tmp_path / "cache"
    told(root, cache)
    edit(root / "orders/models.py", "import Address\n", "import Address, User\n")
    fresh, chance = told(root, None), random.Random(0)
    content = (cache / name).read_bytes()
    for _ in range(15):
        damaged = bytearray(content)
        damaged[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        (cache / name).write_bytes(damaged)
        (cache / ("report" if name == "grouping" else "grouping")).unlink(missing_ok=True)
        assert told(root, cache) == fresh


@pytest.mark.parametrize(
    ("body", "use"),
    [
        (
            "    class Meta:\n        db_table = 'things'\n",
            "connection.cursor().execute('DELETE FROM things')",
        ),
        (
            "    of = models.ForeignKey('two.Of', models.CASCADE)\n",
            "get_model('one.aa').objects.create()",
        ),
    ],
    ids=["of one table", "but for their spelling of one name"],
)
def test_models_that_change_places_are_seen_by_those_who_take_the_last(
    body: str, use: str, tmp_path: Path
) -> None:
    root, cache = tmp_path / "p", tmp_path / "cache"
    classes = [f"class {name}(models.Model):\n{body}\n\n" for name in ("Aa", "AA")]
    files = {
        "settings.py": "INSTALLED_APPS = ['one', 'two']\n",
        "one/__init__.py": "",
        "one/models.py": "from django.db import models\n\n\n" + "".join(classes),
        "two/__init__.py": "",
        "two/models.py": "from django.db import models\n\n\nclass Of(models.Model):\n    pass\n",
        "two/uses.py": "from django.apps.apps import get_model\nfrom django.db import connection\n"
        f"\n\ndef use():\n    {use}\n",
    }
    put(root, files)
    before = scan(root, cache=cache)
    edit(root / "one/models.py", "".join(classes), "".join(reversed(classes)))
    after = scan(root, cache=cache)
    assert after == scan(root)
    told_of = [
        {(edge.kind, edge.target) for edge in found.edges if edge.file == "two/uses.py"}
        for found in (before, after)
    ]
    assert told_of[0] != told_of[1]


BASE = {
    "settings.py": "INSTALLED_APPS = ['one', 'two', 'three']\n",
    **{
        path: text
        for app, model in (("one", "Order"), ("two", "Item"), ("three", "Other"))
        for path, text in (
            (f"{app}/__init__.py", ""),
            (
                f"{app}/models.py",
                f"from django.db import models\n\n\nclass {model}(models.Model):\n    pass\n",
            ),
        )
    },
}
ORDER = "from one.models import Order\n\n\n"


def calling(module: str, name: str, call: str) -> str:
    """A module with a function that calls something of another."""
    return f"from {module} import {name}\n\n\ndef go():\n    {call}\n"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {
                "one/basket.py": ORDER + "class Basket:\n    def start(self):\n"
                "        self.order = Order()\n\n    def current(self):\n"
                "        return self.order\n\n    def use(self):\n        self.current().save()\n",
                "two/b.py": calling("one.basket", "Basket", "Basket().current().save()"),
            },
            id="what a method has put on self",
        ),
        pytest.param(
            {
                "one/admin.py": "from django.contrib import admin\n"
                + ORDER
                + "class Orders(admin.ModelAdmin):\n    def rows(self):\n"
                "        return self.model.objects.all()\n\n    def use(self):\n"
                "        self.rows().delete()\n\n\nadmin.site.register(Order, Orders)\n",
                "two/b.py": calling("one.admin", "Orders", "Orders().rows().delete()"),
            },
            id="for what an admin was registered",
        ),
        pytest.param(
            {
                "two/chain.py": ORDER + "def f():\n    if 1:\n        return g()\n"
                "    return Order()\n\n\ndef g():\n    return f()\n",
                "one/a.py": calling("two.chain", "f", "f().save()"),
                "two/b.py": calling("two.chain", "g", "g().save()"),
            },
            id="functions that return each other",
        ),
        pytest.param(
            {
                "two/chain.py": ORDER
                + "".join(f"def f{n}():\n    return f{n + 1}()\n\n\n" for n in range(13))
                + "def f13():\n    return Order()\n",
                "one/a.py": calling("two.chain", "f0", "f0().save()"),
                "two/b.py": calling("two.chain", "f9", "f9().save()"),
            },
            id="what is nested too deep for one and not for the other",
        ),
        pytest.param(
            {
                "two/models.py": "from django.db import models\n"
                + ORDER
                + "class Query(models.QuerySet):\n    def orders(self):\n"
                "        return Order.objects.all()\n\n\nclass Item(models.Model):\n"
                "    objects = Query.as_manager()\n",
                "three/models.py": "from django.db import models\nfrom two.models import Item\n\n\n"
                "class Other(models.Model):\n    wanted = Item.objects.orders()\n",
                "two/b.py": calling("two.models", "Item", "Item.objects.orders().delete()"),
            },
            id="managers that are asked before they are known",
        ),
    ],
)
def test_what_a_file_does_is_the_same_whichever_are_linked_before_it(
    files: dict[str, str], tmp_path: Path
) -> None:
    root, cache = tmp_path / "p", tmp_path / "cache"
    put(root, BASE | files)
    before = scan(root, cache=cache)
    with (root / "two/b.py").open("a") as file:
        file.write("    print()\n")
    after = scan(root, cache=cache)
    assert after == scan(root)
    assert (after.edges, after.functions) == (before.edges, before.functions)


def test_whichever_entry_is_damaged_an_edit_is_seen_as_without_a_cache(
    root: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    scan(root, cache=cache)
    [kept] = cache.iterdir()
    content = kept.read_bytes()
    path, old, new = EDITS[0]
    edit(root / path, old, new)
    fresh = scan(root)
    places = _located(memoryview(content), version())
    assert len(places) > 50
    for start, _, _ in places.values():
        damaged = bytearray(content)
        damaged[start] ^= 1
        kept.write_bytes(damaged)
        assert scan(root, cache=cache) == fresh


def test_a_file_that_names_the_settings_is_seen_though_no_module_changed(tmp_path: Path) -> None:
    """Of settings that nobody names, apps that they do not install are guessed."""
    for app in ("one", "two", "three"):
        (tmp_path / "p" / app).mkdir(parents=True)
        (tmp_path / "p" / app / "__init__.py").touch()
        (tmp_path / "p" / app / "models.py").write_text(
            "from django.db import models\n\n\nclass M(models.Model):\n    pass\n\n\n"
            f"def save():\n    from {'two' if app == 'one' else 'one'}.models import M as Other\n"
            "    Other.objects.create()\n"
        )
    (tmp_path / "p" / "settings.py").write_text("INSTALLED_APPS = ['one']\n")
    cache = tmp_path / "cache"
    guessed = scan(tmp_path / "p", cache=cache)
    (tmp_path / "p" / "pytest.ini").write_text("[pytest]\nDJANGO_SETTINGS_MODULE = settings\n")
    named = scan(tmp_path / "p", cache=cache)
    assert len(named.models) < len(guessed.models)
    assert named == scan(tmp_path / "p")


@pytest.mark.parametrize("seed", range(2))
def test_whatever_a_function_returns_the_cache_is_not_to_be_seen(
    root: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    files = [path for path in sorted(root.rglob("*.py")) if "return " in path.read_text()]
    every = [returned for path in files for returned in returns(path)]
    scan(root, cache=tmp_path / "cache")
    for _ in range(6):
        path = chance.choice(files)
        place, value = chance.choice(list(returns(path))), chance.choice(every).value
        lines = path.read_text().splitlines()
        new = " " * place.col_offset + "return " + ast.unparse(value or ast.Constant(None))
        lines[place.lineno - 1 : place.end_lineno] = [new]
        path.write_text("\n".join(lines) + "\n")
        assert scan(root, cache=tmp_path / "cache") == scan(root), f"{path}:{place.lineno}: {new}"


@pytest.mark.parametrize("seed", range(3))
def test_whatever_functions_do_the_cache_is_not_to_be_seen(
    root: Path, tmp_path: Path, seed: int
) -> None:
    """Each change gives one the body of another, with its calls, transactions and signals."""
    chance = random.Random(seed)
    scan(root, cache=tmp_path / "cache")
    for _ in range(8):
        every = [
            (path, each)
            for path in sorted(root.rglob("*.py"))
            for each in ast.walk(ast.parse(path.read_text()))
            if isinstance(each, ast.FunctionDef) and each.body[0].lineno > each.lineno
        ]
        (path, function), (_, other) = chance.choice(every), chance.choice(every)
        new = indent(ast.unparse(other.body), " " * function.body[0].col_offset).splitlines()
        lines = path.read_text().splitlines()
        lines[function.body[0].lineno - 1 : function.end_lineno] = new
        path.write_text("\n".join(lines) + "\n")
        what = f"{path}: {function.name} does as {other.name}"
        assert scan(root, cache=tmp_path / "cache") == scan(root), what


def lines_like(root: Path, pattern: str) -> list[tuple[Path, int]]:
    """Where the lines are that a pattern matches, but in tests."""
    return [
        (path, at)
        for path in sorted(root.rglob("*.py"))
        if "tests" not in path.parts
        for at, line in enumerate(path.read_text().splitlines())
        if re.search(pattern, line)
    ]


FIELD = r"^    \w+ = models\.\w+\("
KINDS: dict[str, tuple[str, Callable[[str, str], str]]] = {
    # What is done to a line of that pattern, given another such line from anywhere.
    "a field is renamed": (FIELD, lambda line, other: line.replace(" =", "_too =", 1)),
    "a field goes": (FIELD, lambda line, other: "    nothing = 1"),
    "a field is another": (FIELD, lambda line, other: other),
    "a field comes": (FIELD, lambda line, other: f"    x{other.strip()}\n{line}"),
    "a way back has another name": (
        "related_name=",
        lambda line, other: re.sub("related_name=.", "\\g<0>x", line),
    ),
    "a class has another name": (
        "^class ",
        lambda line, other: line.replace("class ", "class X", 1),
    ),
    "a class has other bases": (
        r"^class \w+\(.*\):$",
        lambda line, other: line.partition("(")[0] + "(" + other.partition("(")[2],
    ),
    "an import is another": (r"^from .* import \w+$", lambda line, other: other),
    "an import goes": (r"^from .* import \w+$", lambda line, other: ""),
    "a method has another name": (r"^    def \w+\(self.*\):$", lambda line, other: other),
    "an attribute is another": (r"^    \w+ = [\w.]+$", lambda line, other: other),
    "a decorator is another": (r"^    @\w+", lambda line, other: other),
    "a setting is another": (r"^[A-Z_]+ = \".*\"$", lambda line, other: other),
    "an app goes": (r"^    \"\w+\",$", lambda line, other: ""),
}


def edit_anything(root: Path, chance: random.Random) -> str:
    """Change one thing; what it was."""
    kind = chance.choice(
        [*KINDS, "a file goes", "a file moves", "a file is copied", "a class moves"]
    )
    if kind in KINDS:
        pattern, change = KINDS[kind]
        places = lines_like(root, pattern)
        (path, at), (from_path, from_at) = chance.choice(places), chance.choice(places)
        other = from_path.read_text().splitlines()[from_at]
        lines = path.read_text().splitlines()
        lines[at] = change(lines[at], other)
        path.write_text("\n".join(lines) + "\n")
        return f"{kind}: {path}:{at + 1}: {lines[at]}"
    paths = sorted(path for path in root.rglob("*.py") if path.name != "__init__.py")
    path, other_path = chance.sample(paths, 2)
    if kind == "a file goes":
        path.unlink()
    elif kind == "a file moves":
        path.rename(other_path.parent / path.name)
    elif kind == "a file is copied":
        (path.parent / other_path.name).write_text(other_path.read_text())
    else:
        path, at = chance.choice(lines_like(root, r"^class "))
        lines = path.read_text().splitlines()
        end = next(
            (n for n in range(at + 1, len(lines)) if lines[n][:1] not in ("", " ", ")")), len(lines)
        )
        other_path.write_text("\n".join([other_path.read_text(), *lines[at:end]]) + "\n")
        path.write_text("\n".join(lines[:at] + lines[end:]) + "\n")
    return f"{kind}: {path} {other_path}"


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_edited_the_cache_is_not_to_be_seen(
    root: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    scan(root, cache=tmp_path / "cache")
    for _ in range(15):
        what = edit_anything(root, chance)
        assert scan(root, cache=tmp_path / "cache") == scan(root), what


def test_a_user_model_that_had_to_be_guessed_is_known_again(root: Path, tmp_path: Path) -> None:
    """And the other one, where it can be guessed no longer."""
    edit(root / "config/settings.py", 'AUTH_USER_MODEL = "users.User"\n', "")
    guessed = scan(root, cache=tmp_path / "cache")
    edit(root / "storefront/views.py", "request.basket.clear()", "request.user.delete()")
    assert scan(root, cache=tmp_path / "cache") == scan(root) != guessed
    edit(root / "users/models.py", "(AbstractUser", "(models.Model")
    assert scan(root, cache=tmp_path / "cache") == scan(root)


def test_a_model_that_inherits_from_the_user_model_that_was_guessed_is_a_part_of_it(
    tmp_path: Path,
) -> None:
    root, cache = tmp_path / "p", tmp_path / "cache"
    files = BASE | {
        "core/__init__.py": "",
        "core/mix.py": "class Mix:\n    a = 1\n",
        "two/models.py": "from django.contrib.auth.models import AbstractUser\n\n\n"
        "class Item(AbstractUser):\n    pass\n",
        "one/models.py": "from django.contrib.auth import get_user_model\n"
        "from core.mix import Mix\n\n\nclass Order(Mix, get_user_model()):\n    pass\n",
    }
    put(root, files)
    found = scan(root, cache=cache)
    assert ("mti_parent", "one.Order", "two.Item") in {
        (edge.kind, edge.source, edge.target) for edge in found.edges
    }
    edit(root / "core/mix.py", "a = 1", "b = 1")
    assert scan(root, cache=cache) == scan(root)


def test_packages_that_a_project_carries_along_are_seen_to_change(tmp_path: Path) -> None:
    root, cache = tmp_path / "p", tmp_path / "cache"
    files = BASE | {
        "vendor/django/db/models/__init__.py": "",
        "vendor/lib/__init__.py": "",
        "vendor/lib/models.py": "from django.db import models\n\n\nclass Thing(models.Model):\n"
        "    to = models.ForeignKey('two.Item', models.CASCADE)\n\n"
        "    class Meta:\n        abstract = True\n",
        "one/models.py": "from lib.models import Thing\n\n\nclass Order(Thing):\n    pass\n",
    }
    put(root, files)
    scan(root, cache=cache)
    edit(root / "vendor/lib/models.py", "two.Item", "three.Other")
    found = scan(root, cache=cache)
    assert found == scan(root)
    assert {edge.target for edge in found.edges if edge.kind == "fk"} == {"three.Other"}


def test_what_middleware_puts_on_requests_is_asked_for_by_views(root: Path, tmp_path: Path) -> None:
    """A view changes with the middleware's functions, though no file looks different."""
    edit(
        root / "storefront/middleware.py", "request.basket = ", "request.basket = request.user  # "
    )
    edit(root / "storefront/views.py", "request.basket.clear()", "request.basket.save()")
    before = scan(root, cache=tmp_path / "cache")
    edit(root / "storefront/middleware.py", "request.user  # ", "None  # ")
    after = scan(root, cache=tmp_path / "cache")
    assert after == scan(root)
    assert after != before


def test_classes_that_a_metaclass_makes_are_told_of_again(root: Path, tmp_path: Path) -> None:
    (root / "core/models.py").write_text(
        (root / "core/models.py").read_text() + "\n\nclass Making(models.base.ModelBase):\n"
        "    def __new__(cls, name, bases, attributes):\n"
        "        class Meta:\n            proxy = True\n\n"
        "        return super().__new__(cls, name, bases, attributes)\n\n\n"
        "class Made(Note, metaclass=Making):\n    pass\n"
    )
    first = scan(root, cache=tmp_path / "cache")
    assert "made-by-metaclass" in [gap.kind for gap in first.gaps]
    assert scan(root, cache=tmp_path / "cache") == first


def returns(path: Path) -> Iterator[ast.Return]:
    """The return statements of a file that have lines of their own."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Return) and node.end_lineno is not None:
            yield node
