"""Finding and following log files."""

from pathlib import Path

from ramet.tools.local import child, logs
from ramet.tools.local.folder import Folder

GROUPS = {"orders-payments": ["orders", "payments"], "users": ["users"]}


def _folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.logs.mkdir(parents=True)
    for name in (
        "orders-payments-web",
        "orders-payments-worker",
        "users-web",
        "users-web-2",
        "users-celery",
        "postgres",
        "envoy",
    ):
        (folder.logs / f"{name}.log").write_text("one line\n")
    return folder


def _names(folder: Folder, service: str | None) -> list[str]:
    return [file.stem for file in logs.files(folder, service, GROUPS)]


def test_a_service_has_the_logs_of_its_group(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    assert _names(folder, "payments") == ["orders-payments-web", "orders-payments-worker"]
    assert _names(folder, "users") == ["users-celery", "users-web", "users-web-2"]


def test_an_engine_has_its_own_log_and_nobody_has_none(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    assert _names(folder, "postgres") == ["postgres"]
    assert _names(folder, "nobody") == []
    assert len(_names(folder, None)) == 7


def test_follow_gives_complete_lines_of_every_file(tmp_path: Path) -> None:
    first, second = tmp_path / "a.log", tmp_path / "b.log"
    first.write_text("old\n")
    lines = logs.follow([first, second])
    # A generator runs up to its first line only when asked: so the writes come from inside.
    import threading

    def write() -> None:
        with first.open("a") as file:
            file.write("half")
            file.flush()
            second.write_text("second\n")
            file.write(" whole\n")

    threading.Timer(0.3, write).start()
    assert {next(lines), next(lines)} == {("a", "half whole"), ("b", "second")}


def test_follow_notices_that_a_file_began_anew(tmp_path: Path) -> None:
    import threading

    log = tmp_path / "a.log"
    log.write_text("a long line from before\n")
    lines = logs.follow([log])
    threading.Timer(0.3, lambda: log.write_text("new\n")).start()
    assert next(lines) == ("a", "new")


def test_the_last_lines_are_whole_and_as_many_as_asked_for(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("".join(f"{number} {'x' * 400}\n" for number in range(500)))
    lines = child.last_lines(log, 300).splitlines()
    assert [line.split()[0] for line in lines] == [str(number) for number in range(200, 500)]
    assert child.last_lines(log, 0) == ""
    assert len(child.last_lines(log, 9999).splitlines()) == 500
    assert child.last_lines(tmp_path / "none.log") == ""
