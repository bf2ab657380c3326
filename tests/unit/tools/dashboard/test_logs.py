"""Only the end of a log is read, and only of logs."""

from ramet.tools.dashboard.logs import last_lines


def test_the_last_lines_come_in_order(tmp_path):
    (tmp_path / "orders-web.log").write_text("one\ntwo\nthree\n")
    assert last_lines(tmp_path, "orders-web", 2) == ["two", "three"]


def test_a_log_of_many_megabytes_costs_its_end_only(tmp_path):
    with (tmp_path / "gateway.log").open("wb") as file:
        file.seek(3_000_000_000)  # a sparse file: reading all of it would take the memory
        file.write(b"\nthe last line\n")
    assert last_lines(tmp_path, "gateway", 1) == ["the last line"]


def test_a_line_whose_beginning_was_not_read_is_left_out(tmp_path):
    (tmp_path / "long.log").write_text("x" * 10_000 + "\nshort\n")
    assert last_lines(tmp_path, "long", 5) == ["short"]


def test_colours_of_a_terminal_are_taken_out(tmp_path):
    (tmp_path / "web.log").write_text("\x1b[31mred\x1b[0m\n")
    assert last_lines(tmp_path, "web", 5) == ["red"]


def test_no_other_file_can_be_read(tmp_path):
    logs = tmp_path / "log"
    logs.mkdir()
    (tmp_path / "secret.log").write_text("secret\n")
    for name in ("../secret", "..", "", "a/../../secret", ".hidden"):
        assert last_lines(logs, name, 5) == []


def test_a_log_that_is_not_there_is_empty(tmp_path):
    assert last_lines(tmp_path, "nothing", 5) == []
