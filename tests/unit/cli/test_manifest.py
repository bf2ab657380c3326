"""`ramet manifest` writes the file; `--check` tells when the committed one is out of date."""

from tests.unit.cli.conftest import Ramet
from tests.unit.placement.project import Project


def test_the_manifest_is_written_once_and_then_up_to_date(project: Project, ramet: Ramet) -> None:
    """The file ends with a newline."""
    assert ramet("manifest").stdout == "ramet.manifest.json written.\n"
    assert (project.folder / "ramet.manifest.json").read_text().endswith("}\n")
    run = ramet("manifest", "--check")
    assert (run.returncode, run.stdout) == (0, "ramet.manifest.json is up to date.\n")


def test_a_change_that_is_not_in_the_committed_manifest_is_shown(
    project: Project, ramet: Ramet
) -> None:
    """Nothing is written."""
    ramet("manifest")
    before = (project.folder / "ramet.manifest.json").read_text()
    project.replace("ramet.toml", '"/orders/"', '"/purchases/"')
    run = ramet("manifest", "--check")
    assert run.returncode == 1
    assert '-        "/orders/"\n+        "/purchases/"\n' in run.stdout
    assert run.stdout.endswith(
        "\nramet.manifest.json is out of date: run `ramet manifest` and commit it.\n"
    )
    assert (project.folder / "ramet.manifest.json").read_text() == before
