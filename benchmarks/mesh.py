"""A call between two services with mutual TLS against the same without.

Both ways are `ramet.client(Catalogue).get(...)` through the caller's and the callee's side of the
mesh with the configuration of production, to granian. Without TLS is the same configuration with
the transport sockets taken out, and with them the lists of callers, which certificates open. One
caller, on connections that are open, in turns: the ratio is the median of those of short rounds, so
that what else the machine does slows both. Takes about 20 s.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.calls_remote import PROJECT, environment_of, granian, mesh
from benchmarks.figures import Figure

FIGURES = (
    Figure(
        "mutual_tls_over_plain", "time of a call with mutual TLS / without", "x", "at most", 1.25
    ),
)

ROUNDS = 25
CALLS = 150  # of each way in each round


def main() -> dict[str, Any]:
    """Start both, measure in turns, stop both; microseconds a call, and their ratio."""
    folders = {
        name: Path(tempfile.mkdtemp(prefix="ramet-bench-")) for name in ("mutual_tls", "plain")
    }
    try:
        with ExitStack() as stack:
            for name, folder in folders.items():
                stack.enter_context(granian(folder))
                stack.enter_context(mesh(folder, _without_tls if name == "plain" else None))
            environment = environment_of(folders["mutual_tls"], "checkout") | {
                "WAYS": json.dumps({name: str(folder) for name, folder in folders.items()})
            }
            measured = subprocess.run(
                [sys.executable, "-m", "benchmarks.mesh", "caller"],
                cwd=PROJECT.parent.parent,
                env=environment,
                check=True,
                stdout=subprocess.PIPE,
                timeout=120,
            )
    finally:
        for folder in folders.values():
            shutil.rmtree(folder)
    rounds: list[dict[str, float]] = json.loads(measured.stdout)
    return {
        "microseconds_a_call": {
            name: round(median(each[name] for each in rounds) * 1e6) for name in folders
        },
        "mutual_tls_over_plain": round(
            median(each["mutual_tls"] / each["plain"] for each in rounds), 2
        ),
        "target": "mutual_tls_over_plain <= 1.25",
    }


def _without_tls(files: dict[str, Any]) -> None:
    for cluster in files["cds.json"]["resources"]:
        cluster.pop("transport_socket", None)
    for listener in files["lds.json"]["resources"]:
        listener["filter_chains"][0].pop("transport_socket", None)
    for host in files["rds-mesh.json"]["resources"][0]["virtual_hosts"]:
        for route in host["routes"]:
            # A route without callers of its own refuses everybody, here as there.
            if rbac := route["typed_per_filter_config"].get("envoy.filters.http.rbac"):
                policies = rbac["rbac"]["rules"]["policies"]
                policies["callers"]["principals"] = [{"any": True}]


def caller() -> None:
    """Call in turns, round by round, and print the seconds a call of each way in each round."""
    from dataclasses import replace

    import django

    django.setup()
    from catalogue.contract import Catalogue
    from django.test import override_settings

    import ramet
    from ramet.placement import here
    from ramet.placement.environment import Environment

    places = {}
    for name, folder in json.loads(os.environ["WAYS"]).items():
        environ = environment_of(Path(folder), "checkout")
        environment = Environment.read(environ, here().system)
        places[name] = replace(here(), environment=environment)
    rounds: list[dict[str, float]] = []
    for _ in range(ROUNDS + 1):
        rounds.append({})
        for name, place in places.items():
            with override_settings(RAMET=place):
                began = time.perf_counter()
                for _ in range(CALLS):
                    ramet.client(Catalogue).get("SPADE")
                rounds[-1][name] = (time.perf_counter() - began) / CALLS
    json.dump(rounds[1:], sys.stdout)  # the first one warms up


if __name__ == "__main__":
    if sys.argv[1:] == ["caller"]:
        caller()
    else:
        print(json.dumps(main(), indent=2))
