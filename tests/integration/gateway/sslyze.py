"""sslyze, an independent judge of what a TLS server accepts (https://github.com/nabla-c0d3/sslyze).

It runs from an environment of its own (`make .venv-sslyze/.installed`), because it needs an older
cryptography than everything else here.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

_PYTHON = Path(__file__).resolve().parents[3] / ".venv-sslyze" / "bin" / "python"

EVERYTHING = (
    *("--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3"),
    *("--compression", "--early_data", "--openssl_ccs", "--fallback", "--heartbleed"),
    *("--robot", "--reneg", "--elliptic_curves", "--resum"),
)
VERSIONS = {
    "ssl_2_0": "SSL 2.0",
    "ssl_3_0": "SSL 3.0",
    "tls_1_0": "TLS 1.0",
    "tls_1_1": "TLS 1.1",
    "tls_1_2": "TLS 1.2",
    "tls_1_3": "TLS 1.3",
}


class Scan:
    """What sslyze found out about one server."""

    def __init__(self, results: dict[str, Any]) -> None:
        self._results = results

    def result(self, command: str) -> dict[str, Any]:
        """The result of one of sslyze's commands, by its name in the JSON; it must have worked."""
        attempt = self._results[command]
        assert attempt["status"] == "COMPLETED", (command, attempt)
        found: dict[str, Any] = attempt["result"]
        return found

    def suites(self) -> dict[str, list[str]]:
        """The cipher suites that were accepted, by version; no version that was refused."""
        found = {
            version: self.result(f"{name}_cipher_suites")["accepted_cipher_suites"]
            for name, version in VERSIONS.items()
        }
        return {
            version: [each["cipher_suite"]["name"] for each in accepted]
            for version, accepted in found.items()
            if accepted
        }


def scan(port: int, folder: Path, *options: str) -> Scan:
    """Have sslyze try everything on a port of this machine; takes some seconds."""
    if not _PYTHON.exists():
        pytest.skip("needs `make .venv-sslyze/.installed`")
    report = folder / "sslyze.json"
    told = ["--quiet", "--mozilla_config=disable", f"--json_out={report}", *EVERYTHING, *options]
    finished = subprocess.run(
        [str(_PYTHON), "-m", "sslyze", *told, f"localhost:{port}"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert report.exists(), finished.stdout + finished.stderr
    [server] = json.loads(report.read_text())["server_scan_results"]
    assert server["scan_status"] == "COMPLETED", server
    return Scan(server["scan_result"])
