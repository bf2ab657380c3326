"""Who tells, with every batch: cheap, because there is a batch a second in each process."""

from importlib import metadata

import pytest

from ramet.telemetry import resource


def test_the_version_is_told_and_read_from_its_file_once(monkeypatch: pytest.MonkeyPatch) -> None:
    version = metadata.version("ramet")
    resource.encoded()

    def read(name: str) -> str:
        raise AssertionError(f"the metadata of {name} is read again")

    monkeypatch.setattr(metadata, "version", read)
    assert resource.attributes()["telemetry.sdk.version"] == version
    assert version.encode() in resource.encoded()
