"""Who publishes and who listens, as the source shows it."""

from pathlib import Path

import pytest

from ramet.placement.messaging import messaging
from ramet.system import load


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "ramet.toml": """
[system]
name = "mill"
settings = "mill.settings"
[services.orders]
apps = ["orders"]
[services.stock]
apps = ["stock"]
[services.mail]
apps = ["mail"]
[services.quiet]
apps = ["quiet"]
""",
        "mill/settings.py": "",
        "orders/__init__.py": "",
        "orders/events.py": "class OrderPlaced: ...",
        "orders/handlers.py": "import ramet\nfrom .events import OrderPlaced\n"
        "@ramet.subscribe(OrderPlaced)\ndef note(event): ...",
        "stock/__init__.py": "",
        "stock/events/__init__.py": "from .counted import Counted",
        "stock/events/counted.py": "class Counted: ...",
        "mail/__init__.py": "",
        "mail/handlers.py": "from mine import on\nfrom orders import events\n"
        "@on(events.OrderPlaced)\ndef send(event): ...",
        "quiet/__init__.py": "",
        "quiet/models.py": "from orders.contract import Orders",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_a_service_publishes_when_one_of_its_apps_declares_events(root: Path) -> None:
    assert messaging(load(root / "ramet.toml")).publishers == {"orders", "stock"}


def test_a_service_listens_to_its_own_events_and_to_those_that_it_imports(root: Path) -> None:
    """The shop's mail uses a decorator of its own: importing the event is what shows it."""
    assert messaging(load(root / "ramet.toml")).subscribers == {"orders", "mail"}


def test_code_that_begins_to_listen_is_seen_at_the_next_reading(root: Path) -> None:
    (root / "quiet/handlers.py").write_text("from stock.events import Counted")
    assert "quiet" in messaging(load(root / "ramet.toml")).subscribers
