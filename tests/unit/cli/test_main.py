"""The root command: instant help, one exit code for each kind of ending."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from ramet import cli
from tests.unit.cli.conftest import Ramet


def test_help_lists_every_command_with_its_sentence(ramet: Ramet) -> None:
    """Read from the files; each begins a line of its own."""
    run = ramet("--help")
    assert run.returncode == 0
    assert re.search("^  explain +Explain one call between services: ", run.stdout, re.MULTILINE)
    assert {"check", "explain", "manifest", "schema"} <= set(cli.commands())
    for name, line in cli.commands().items():
        assert f"\n  {name} " in run.stdout
        assert line in " ".join(run.stdout.split())
        assert line.endswith(".")


@pytest.mark.parametrize("columns", [44, 60, 80, 120])
def test_help_is_as_wide_as_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Up to what is easily read; it is plain text, so that it reads the same in a pipe."""
    monkeypatch.setenv("COLUMNS", str(columns))
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    widest = min(columns, 100)
    assert widest * 0.8 < max(map(len, shown.splitlines())) <= widest
    assert shown.replace("\n", "").isprintable()


def test_help_imports_neither_a_parser_nor_any_command() -> None:
    """That is what makes it instant; a time would depend on the machine."""
    code = (
        "import sys, ramet.cli; ramet.cli.main(['--help'])\n"
        "heavy = {'argparse', 'rich', 'django', 'asyncio', 'ramet.cli.up', 'ramet.system'}\n"
        "sys.exit(f'imported {loaded}' if (loaded := heavy & set(sys.modules)) else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("name", cli.commands())
def test_every_module_is_a_command(name: str) -> None:
    """Adding a file with `command` or `app` is all that a new command needs."""
    module = import_module(f"ramet.cli.{name.replace('-', '_')}")
    assert hasattr(module, "command") or hasattr(module, "app")


def test_a_new_file_is_a_new_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the first line of its docstring, whether or not more lines follow."""
    (tmp_path / "one_more.py").write_text('"""Do one "more" thing."""\n')
    (tmp_path / "two.py").write_text('"""Do two things.\n\nAt once.\n"""\n')
    (tmp_path / "_shared.py").write_text('"""Not a command."""\n')
    monkeypatch.setattr(cli, "_FOLDER", tmp_path)
    assert cli.commands() == {"one-more": 'Do one "more" thing.', "two": "Do two things."}


def test_an_unknown_command_is_wrong_usage(ramet: Ramet) -> None:
    """With a proposal where one is near."""
    run = ramet("chekc")
    assert (run.returncode, run.stdout, run.stderr) == (
        2,
        "",
        'ramet: there is no command "chekc". Did you mean "check"?\n',
    )


def test_an_unknown_option_is_wrong_usage(ramet: Ramet) -> None:
    """In a sentence, below what the command takes."""
    run = ramet("schema", "--nope")
    assert (run.returncode, run.stdout, run.stderr) == (
        2,
        "",
        "Usage: ramet schema [OPTIONS]\nramet schema --help tells more.\n\n"
        "Error: there is no option --nope\n",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("canary", "left", "101"), "Error: WEIGHT: 101 is more than 100"),
        (("canary", "left", "few"), "Error: WEIGHT: 'few' is not a whole number"),
        (("maintenance", "perhaps"), "Error: SWITCH: 'perhaps' is not on or off"),
        (("dashboard", "--port=65536"), "Error: --port: 65536 is more than 65535"),
        (("logs", "-n"), "Error: --lines/-n: expected one argument"),
        (("scale",), "Error: missing: SERVICE=N"),
        (("audit", "prune", "--befor=x"), "Error: there is no option --befor; did you mean "),
        (("assess", "--no-git"), "Error: there is no option --no-git; did you mean --git?"),
        (("fault", "left", "--delay=soon"), "Error: 'soon' is not a time such as 500ms or 2s"),
        (("events", "reply"), "Error: there is no command reply, but lag, dead, "),
    ],
)
def test_a_wrong_value_is_wrong_usage(ramet: Ramet, arguments: list[str], said: str) -> None:
    """And said in one sentence."""
    run = ramet(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"Usage: ramet {arguments[0]} ")
    assert said in run.stderr


def test_sub_commands_are_told_with_their_first_lines(ramet: Ramet) -> None:
    """With exit code 2 where none was named."""
    shown, named = ramet("sagas"), ramet("sagas", "--help")
    assert (shown.returncode, named.returncode) == (2, 0)
    assert shown.stdout == named.stdout
    assert re.search("^  resume +[A-Z].*", named.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", cli.commands())
def test_every_command_has_help(ramet: Ramet, name: str) -> None:
    """So what each takes can be read."""
    run = ramet(name, "--help")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(f"Usage: ramet {name} ")


def test_a_wrong_configuration_is_told_without_a_traceback(ramet: Ramet, tmp_path: Path) -> None:
    """Exit code 2, standard output untouched."""
    run = ramet("check")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"{tmp_path}: no-system\n  found     no ramet.toml here")


def test_the_version_is_that_of_the_package(ramet: Ramet) -> None:
    """As pip knows it."""
    from importlib.metadata import version

    assert ramet("--version").stdout == f"ramet {version('ramet')}\n"


def test_no_command_at_all_shows_help_and_is_wrong_usage(ramet: Ramet) -> None:
    """As other tools do."""
    run = ramet()
    assert run.returncode == 2
    assert run.stdout.startswith("Usage: ramet COMMAND [OPTIONS]\n")
