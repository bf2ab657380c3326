"""A team's own `celery worker`, with processes of its own: one `/metrics`, one set of probes."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

FILES = {
    "ramet.toml": """
        [system]
        name = "post"
        settings = "post.settings"
        [services.mail]
        apps = ["post.mail"]
    """,
    "post/__init__.py": "",
    "post/mail/__init__.py": "",
    "post/settings.py": """
        import ramet
        SECRET_KEY = "only-for-tests"
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        INSTALLED_APPS = ["post.mail"]
        ROOT_URLCONF = "post.urls"
        ramet.place(globals())
    """,
    "post/urls.py": "urlpatterns = []",
    "post/celery.py": """
        from celery import Celery
        app = Celery("post")
        app.config_from_object("django.conf:settings", namespace="CELERY")
        app.autodiscover_tasks()
    """,
    "post/mail/tasks.py": """
        import os, time
        from celery import shared_task
        @shared_task
        def stamp():
            time.sleep(0.2)  # so that both processes of the pool get one
    """,
}


class Probes(HTTPConnection):
    """HTTP over a Unix socket."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.host)

    def text(self, path: str) -> str:
        """The body of the answer; empty where nobody listens yet."""
        try:
            self.request("GET", path)
            return self.getresponse().read().decode()
        except OSError:
            return ""
        finally:
            self.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a Unix socket's has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="ramet-") as made:
        for name, text in FILES.items():
            file = Path(made) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            lines = text.splitlines()
            file.write_text("\n".join(line.removeprefix(" " * 8) for line in lines) + "\n")
        yield Path(made)


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    """Of the worker, and of whoever has something for it to do."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{folder}:{':'.join(each for each in sys.path if each)}",
        "DJANGO_SETTINGS_MODULE": "post.settings",
        "RAMET_CELERY_BROKER_URL": "filesystem://",
        "RAMET_CELERY_FOLDER": str(folder / "celery"),
        "RAMET_METRICS_FOLDER": str(folder / "metrics"),
        "RAMET_PROBES": f"unix:{folder}/probes.sock",
        "RAMET_TELEMETRY_URL": "",
    }


@pytest.fixture
def worker(folder: Path, environment: dict[str, str]) -> Iterator[Probes]:
    """`celery worker` with two processes, and where it answers."""
    (folder / "celery").mkdir()
    command = [sys.executable, "-m", "celery", "-A", "post", "worker", "--concurrency", "2"]
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--pool", "prefork", "--without-gossip", "--without-mingle"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Probes(str(folder / "probes.sock"))
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_a_pool_of_processes_counts_as_one_and_answers_for_all(
    folder: Path,
    environment: dict[str, str],
    worker: Probes,
    eventually: Callable[..., object],
) -> None:
    publish = "from post.celery import app; from post.mail.tasks import stamp\n" + (
        "for _ in range(6): stamp.delay()"
    )
    subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{publish}"],
        cwd=folder,
        env=environment,
        check=True,
    )

    def done() -> bool:
        pattern = r'ramet_tasks_run_duration_seconds_count\{.*"post.mail.tasks.stamp".*\} (\S+)'
        counts = re.findall(pattern, worker.text("/metrics"))
        return [float(each) for each in counts] == [6]

    eventually(done, within=20, what="all six runs are counted")
    counting = {file.name.split("-")[1] for file in (folder / "metrics").glob("celery-*.cells")}
    assert len(counting) >= 2, "each process of the pool counts for itself"
    assert '"status"' in worker.text("/readyz")
