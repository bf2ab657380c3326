"""Whatever is in a project's folder, a scan ends, says what it could not see, and sees the rest.

Each project is the same small one, with something bad put into it: if the good half is not found,
the bad half has taken it along.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.tools.assess.facts import Gap, Scan
from ramet.tools.assess.scanning import scan

SHOP = {
    "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")\n',
    "config/__init__.py": "",
    "config/settings.py": (
        'INSTALLED_APPS = ["django.contrib.contenttypes", "people", "orders", "extra"]\n'
    ),
    "people/__init__.py": "",
    "people/models.py": (
        "from django.db import models\n\n\n"
        "class Person(models.Model):\n"
        "    name = models.CharField(max_length=100)\n"
    ),
    "orders/__init__.py": "",
    "orders/models.py": (
        "from django.db import models\n\nfrom people.models import Person\n\n\n"
        "class Order(models.Model):\n"
        "    customer = models.ForeignKey(Person, models.PROTECT)\n"
    ),
    "extra/__init__.py": "",
}

Files = Mapping[str, str | bytes]


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., Path]:
    """`shop({"extra/models.py": "..."})`: the small project's folder, with more in it."""

    def write(more: Files | None = None, *, without: str = "") -> Path:
        root = tmp_path / "shop"
        for name, content in {**SHOP, **(more or {})}.items():
            if without and name.startswith(without):
                continue
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return write


def gap(found: Scan, file: str, kind: str | None = None) -> Gap:
    """The one gap about a file, or of a kind."""
    about = [g for g in found.gaps if g.file == file and (kind is None or g.kind == kind)]
    assert len(about) == 1, found.gaps
    only = about[0]
    assert only.found
    assert only.why
    assert only.remedy
    return only


def assert_rest_was_seen(found: Scan) -> None:
    assert {"people.Person", "orders.Order"} <= {model.label for model in found.models}
    relations = [(e.source, e.field, e.target) for e in found.edges if e.kind == "fk"]
    assert ("orders.Order", "customer", "people.Person") in relations


def model(name: str, body: str = "    pass\n") -> str:
    return f"from django.db import models\n\n\nclass {name}(models.Model):\n{body}"


# -- Nothing to scan -----------------------------------------------------------------------------


@pytest.mark.parametrize("files", [{}, {"readme.txt": "hello"}, {"tool.py": "print('hello')\n"}])
def test_a_folder_without_django_is_refused_with_what_was_looked_for(
    files: Files, tmp_path: Path
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(str(content))
    with pytest.raises(DiagnosticError) as refusal:
        scan(tmp_path)
    [mistake] = refusal.value.mistakes
    assert mistake.reference == "no-django-project"
    assert "manage.py" in mistake.expected + mistake.remedy


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as refusal:
        scan(tmp_path / "nowhere")
    assert refusal.value.mistakes[0].where.endswith("nowhere")


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(model("Lonely"))
    with pytest.raises(DiagnosticError):
        scan(tmp_path / "models.py")


def test_apps_without_settings_are_seen_and_the_missing_settings_told(
    shop: Callable[..., Path],
) -> None:
    root = shop(without="config/")
    (root / "manage.py").unlink()
    found = scan(root)
    assert_rest_was_seen(found)
    assert [g.kind for g in found.gaps] == ["no-settings"]


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (None, "no-settings"),
        ("INSTALLED_APPS = ['people', 'orders', 'extra'] + more()\n", "partial-settings"),
        ("INSTALLED_APPS = ['people', 'orders', 'extra']\n", "app-not-installed"),
    ],
)
def test_no_app_is_said_to_be_missing_where_not_all_that_is_installed_is_known(
    shop: Callable[..., Path], settings: str | None, kind: str
) -> None:
    key = '    {} = models.ForeignKey("{}", models.CASCADE)\n'
    body = key.format("by", "auth.User") + key.format("of", "billing.Account")
    files = {"extra/models.py": model("Extra", body)}
    if settings is not None:
        files["config/settings.py"] = settings
    found = scan(shop(files, without="" if settings else "config/"))
    assert_rest_was_seen(found)
    assert {g.kind for g in found.gaps} == {kind}
    targets = {edge.target for edge in found.edges if edge.source == "extra.Extra"}
    assert targets == {"auth.User", "billing.Account"}


# -- Settings ------------------------------------------------------------------------------------


def test_of_two_settings_modules_one_is_taken_and_the_other_told(
    shop: Callable[..., Path],
) -> None:
    root = shop(
        {
            "manage.py": "",
            "config/settings/__init__.py": "",
            "config/settings/live.py": 'INSTALLED_APPS = ["people", "orders"]\n',
            "config/settings/test.py": 'INSTALLED_APPS = ["people", "orders", "extra"]\n',
        },
        without="config/settings.py",
    )
    found = scan(root)
    assert_rest_was_seen(found)
    told = [g for g in found.gaps if "settings" in g.kind]
    assert told, found.gaps
    assert any(
        "config.settings.live" in g.found and "config.settings.test" in g.found for g in told
    )
    assert {"config.settings.live", "config.settings.test"} <= set(found.project.settings)


def test_an_app_whose_name_is_known_at_run_time_alone_is_told(shop: Callable[..., Path]) -> None:
    settings = (
        "import os\n"
        'INSTALLED_APPS = ["people", "orders"]\n'
        'INSTALLED_APPS += os.environ["MORE_APPS"].split(",")\n'
    )
    found = scan(shop({"config/settings.py": settings}))
    assert_rest_was_seen(found)
    assert gap(found, "config/settings.py").line == 3


def test_settings_that_leave_the_apps_to_another_module_leave_them_to_it(
    shop: Callable[..., Path],
) -> None:
    """As those that Dynaconf loads."""
    apps = 'INSTALLED_APPS = ["people", "orders"]\nAUTH_USER_MODEL = "people.Person"\n'
    settings = 'from dynaconf import load\n\nload(globals(), "defaults.py")\n'
    found = scan(shop({"config/settings.py": settings, "config/defaults.py": apps}))
    assert_rest_was_seen(found)
    assert found.project.settings == ["config.defaults", "config.settings"]
    chosen = scan(shop({"config/settings.py": settings}), settings="config.settings")
    assert_rest_was_seen(chosen)
    assert chosen.project.settings[0] == "config.settings"


def test_settings_whose_apps_only_they_know_are_told(shop: Callable[..., Path]) -> None:
    settings = "class Live:\n    @property\n    def INSTALLED_APPS(self):\n        return []\n"
    found = scan(shop({"config/settings.py": settings}))
    assert_rest_was_seen(found)
    assert gap(found, "config/settings.py").kind == "partial-settings"


def test_settings_that_cannot_be_parsed_leave_the_apps_that_are_there(
    shop: Callable[..., Path],
) -> None:
    found = scan(shop({"config/settings.py": "INSTALLED_APPS = [\n"}))
    assert_rest_was_seen(found)
    assert gap(found, "config/settings.py", "syntax-error")


def test_settings_that_import_themselves_end(shop: Callable[..., Path]) -> None:
    found = scan(
        shop(
            {
                "config/settings.py": "from config.base import *\nINSTALLED_APPS += ['orders']\n",
                "config/base.py": "from config.settings import *\nINSTALLED_APPS = ['people']\n",
            }
        )
    )
    assert_rest_was_seen(found)


# -- Files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("class Broken(:\n", 1),
        ("x = 1\nprint 'python 2'\n", 2),
        ("<<<<<<< HEAD\nx = 1\n=======\n", 1),
        ("def f():\n\tx = 1\n        y = 2\n", 3),
    ],
)
def test_a_file_that_no_python_reads_is_told_with_its_line(
    shop: Callable[..., Path], content: str, line: int
) -> None:
    found = scan(shop({"extra/broken.py": content}))
    assert_rest_was_seen(found)
    assert gap(found, "extra/broken.py", "syntax-error").line == line


def test_python_newer_than_the_running_one_is_read(shop: Callable[..., Path]) -> None:
    newer = (
        "from django.db import models\n\n"
        "type Names = list[str]\n\n\n"
        "def first[T](of: list[T]) -> T:\n    return of[0]\n\n\n"
        "class New(models.Model):\n"
        '    person = models.ForeignKey(f"{"people"}.Person", models.CASCADE)\n'
    )
    found = scan(shop({"extra/models.py": newer}))
    assert_rest_was_seen(found)
    assert [g for g in found.gaps if g.file == "extra/models.py"] == []
    [edge] = [e for e in found.edges if e.source == "extra.New" and e.kind == "fk"]
    assert (edge.target, edge.line) == ("people.Person", 11)


def test_nesting_deeper_than_any_parser_goes_is_told(shop: Callable[..., Path]) -> None:
    deep = "x = " + "(" * 100_000 + ")" * 100_000 + "\n"
    found = scan(shop({"extra/deep.py": deep, "extra/sum.py": "x = " + "1 + " * 50_000 + "1\n"}))
    assert_rest_was_seen(found)
    assert gap(found, "extra/deep.py")
    assert {g.file for g in found.gaps} <= {"extra/deep.py", "extra/sum.py"}


def test_a_generated_file_of_five_megabytes_is_passed_over_at_once(
    shop: Callable[..., Path],
) -> None:
    row = '    ("\\u00e9clair", 12345, [1, 2, 3]),\n'
    root = shop({"extra/table.py": "ROWS = [\n" + row * (5_000_000 // len(row)) + "]\n"})
    began = time.process_time()
    found = scan(root)
    assert time.process_time() - began < 3
    assert_rest_was_seen(found)
    assert "5.0 MB" in gap(found, "extra/table.py").found


@pytest.mark.parametrize(
    "content",
    [
        "# caf\xe9\n".encode("latin-1"),
        "x = 1\n".encode("utf-16"),
        b"# -*- coding: nowhere -*-\n# caf\xe9\n",
        b"x = '\xff\xfe'\n",
    ],
    ids=["latin-1", "utf-16", "unknown", "bytes"],
)
def test_a_file_in_no_encoding_that_it_declares_is_told(
    shop: Callable[..., Path], content: bytes
) -> None:
    found = scan(shop({"extra/text.py": content}))
    assert_rest_was_seen(found)
    assert gap(found, "extra/text.py").kind == "encoding"


@pytest.mark.parametrize(
    "content",
    [
        b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + model("Read").encode(),
        b"\xef\xbb\xbf# caf\xc3\xa9\n" + model("Read").encode(),
        model("Read").replace("\n", "\r\n").encode(),
        model("Read").replace("\n", "\r").encode(),
    ],
    ids=["declared", "byte order mark", "CRLF", "CR"],
)
def test_other_encodings_and_line_ends_are_read_where_they_are_declared(
    shop: Callable[..., Path], content: bytes
) -> None:
    found = scan(shop({"extra/models.py": content}))
    assert_rest_was_seen(found)
    assert "extra.Read" in {m.label for m in found.models}
    assert found.gaps == []


def test_what_is_readable_of_a_file_in_a_wrong_encoding_is_seen(
    shop: Callable[..., Path],
) -> None:
    found = scan(
        shop({"extra/models.py": "# caf\xe9\n".encode("latin-1") + model("Seen").encode()})
    )
    assert "extra.Seen" in {m.label for m in found.models}
    assert gap(found, "extra/models.py").kind == "encoding"


def test_a_file_with_a_nul_is_told(shop: Callable[..., Path]) -> None:
    found = scan(shop({"extra/nul.py": b"x = 1\0\n"}))
    assert_rest_was_seen(found)
    assert gap(found, "extra/nul.py")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told(shop: Callable[..., Path]) -> None:
    root = shop({"extra/secret.py": "x = 1\n", "extra/closed/__init__.py": ""})
    (root / "extra/secret.py").chmod(0)
    (root / "extra/closed").chmod(0)
    try:
        found = scan(root)
    finally:
        (root / "extra/closed").chmod(0o700)
    assert_rest_was_seen(found)
    assert gap(found, "extra/secret.py")
    assert gap(found, "extra/closed")


# -- Links, and what is no file ------------------------------------------------------------------


def test_a_link_to_the_folder_that_it_is_in_is_told_and_not_followed(
    shop: Callable[..., Path],
) -> None:
    root = shop()
    (root / "extra/again").symlink_to(root)
    (root / "extra/self").symlink_to(".")
    found = scan(root)
    assert_rest_was_seen(found)
    assert [m.label for m in found.models].count("orders.Order") == 1
    for link in ("extra/again", "extra/self"):
        assert gap(found, link).kind == "symlink-cycle"


def test_links_to_each_other_are_told(shop: Callable[..., Path]) -> None:
    root = shop()
    (root / "extra/a.py").symlink_to("b.py")
    (root / "extra/b.py").symlink_to("a.py")
    (root / "extra/gone.py").symlink_to("nowhere.py")
    found = scan(root)
    assert_rest_was_seen(found)
    for link in ("extra/a.py", "extra/b.py", "extra/gone.py"):
        assert gap(found, link)


def test_folders_outside_that_link_to_each_other_end(
    shop: Callable[..., Path], tmp_path: Path
) -> None:
    root = shop()
    for one, other in (("a", "b"), ("b", "a")):
        folder = tmp_path / one
        folder.mkdir(exist_ok=True)
        (folder / "other").symlink_to(tmp_path / other)
    (root / "extra/outside").symlink_to(tmp_path / "a")
    assert_rest_was_seen(scan(root))


def test_a_pipe_named_like_a_module_keeps_nobody_waiting(shop: Callable[..., Path]) -> None:
    root = shop()
    os.mkfifo(root / "extra/pipe.py")
    found = scan(root)
    assert_rest_was_seen(found)
    assert gap(found, "extra/pipe.py")


def test_a_socket_named_like_a_module_is_told(
    shop: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = shop()
    monkeypatch.chdir(root / "extra")  # its path may be 100 characters long
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.py")
        found = scan(root)
    assert_rest_was_seen(found)
    assert gap(found, "extra/socket.py")


def test_a_name_that_is_no_text_is_told(shop: Callable[..., Path]) -> None:
    root = shop()
    (root / "extra" / os.fsdecode(b"caf\xe9.py")).write_text("x = 1\n")
    found = scan(root)
    assert_rest_was_seen(found)
    [only] = [g for g in found.gaps if "caf" in g.file]
    only.file.encode()  # so that it can be written into the report


def test_a_folder_named_like_a_module_is_a_folder(shop: Callable[..., Path]) -> None:
    root = shop({"extra/models.py/inside.txt": "x"})
    assert_rest_was_seen(scan(root))


# -- Names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        '"nowhere.Model"',
        "TARGETS[0]",
        "target()",
        "settings.SOME_MODEL",
        "UNBOUND",
        '"%s.%s" % (TARGETS._meta.app_label, "Odd")',
        '"%(app)s.Odd" % {"app": UNBOUND}',
        '"{}.Odd".format(UNBOUND)',
        '"{app}.Odd".format(app=TARGETS)',
    ],
)
def test_a_relation_whose_target_cannot_be_resolved_is_told_and_none_invented(
    shop: Callable[..., Path], target: str
) -> None:
    text = (
        "from django.conf import settings\n"
        "from missing_package import TARGETS, target\n"
        + model("Odd", f"    to = models.ForeignKey({target}, models.CASCADE)\n")
    )
    found = scan(shop({"extra/models.py": text}))
    assert_rest_was_seen(found)
    assert [e for e in found.edges if e.source == "extra.Odd" and e.target != "nowhere.Model"] == []
    assert gap(found, "extra/models.py").line == 7


def test_a_model_of_a_package_that_is_not_there_is_named_by_convention_and_told(
    shop: Callable[..., Path],
) -> None:
    text = "from missing_package.tags.models import Tag\n" + model(
        "Odd", "    tag = models.ForeignKey(Tag, models.CASCADE)\n"
    )
    found = scan(shop({"extra/models.py": text}))
    assert_rest_was_seen(found)
    [edge] = [e for e in found.edges if e.source == "extra.Odd" and e.kind == "fk"]
    assert edge.target == "tags.Tag"
    assert [g for g in found.gaps if "missing_package" in g.found]


def test_a_class_whose_base_cannot_be_found_is_told(shop: Callable[..., Path]) -> None:
    text = (
        "from missing_package.models import Base\n"
        "from people.models import Person\n"
        "from django.db import models\n\n\n"
        "class Odd(Base):\n"
        "    to = models.ForeignKey(Person, models.CASCADE)\n"
    )
    found = scan(shop({"extra/models.py": text}))
    assert_rest_was_seen(found)
    assert gap(found, "extra/models.py").line == 6


@pytest.mark.parametrize(
    "text",
    [
        "class A(B):\n    pass\n\n\nclass B(A):\n    pass\n",
        "class A(A):\n    pass\n",
        "A = B\nB = A\n\n\nclass C(A):\n    pass\n",
        "class X: pass\nclass Y(X): pass\nclass Z(X, Y): pass\n",
        "from extra.models import *\nfrom extra import models\n",
        "from . import *\n" * 50,
        "from .....too.far import x\n",
    ],
    ids=["each other", "itself", "names", "no order", "itself by a star", "stars", "too far"],
)
def test_names_that_lead_in_circles_end(shop: Callable[..., Path], text: str) -> None:
    found = scan(shop({"extra/models.py": text, "extra/other.py": "from extra.models import *\n"}))
    assert_rest_was_seen(found)


def test_a_lookup_that_no_model_has_is_no_edge(shop: Callable[..., Path]) -> None:
    text = (
        "from orders.models import Order\n\n\n"
        "def find():\n"
        "    return Order.objects.filter(nobody__nowhere__nothing=1, customer__name='x')\n"
    )
    found = scan(shop({"extra/views.py": text}))
    assert_rest_was_seen(found)
    assert {e.target for e in found.edges if e.kind == "lookup"} <= {"people.Person"}


# -- All at once ---------------------------------------------------------------------------------


def test_every_bad_thing_at_once_is_told_and_the_same_whatever_the_run(
    shop: Callable[..., Path], tmp_path: Path
) -> None:
    root = shop(
        {
            "extra/broken.py": "class Broken(:\n",
            "extra/text.py": b"# caf\xe9\n",
            "extra/nul.py": b"\0",
            "extra/empty.py": "",
        }
    )
    (root / "extra/again").symlink_to(root)
    cache = tmp_path / "cache"
    first = scan(root, cache=cache)
    second = scan(root, cache=cache)
    assert_rest_was_seen(first)
    assert {g.file for g in first.gaps} >= {
        "extra/broken.py",
        "extra/text.py",
        "extra/nul.py",
        "extra/again",
    }
    assert second == first
