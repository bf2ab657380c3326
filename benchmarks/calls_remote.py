"""A remote operation call against the naive way, on one core.

Ours: `ramet.client(Catalogue).get(...)`, pycurl over a Unix socket to the caller's side of the
mesh, mutual TLS to the callee's, with the configuration of production, from there to granian.
Naive: `requests.get(...).json()` to a DRF view under gunicorn, without any proxy. Both answer the
same product, without a database.

Four callers, Envoy and server are pinned to one core together. A rate is calls per second of
processor time that all of them spend, which on a quiet machine is calls per second; other work on
the machine then lengthens the run, and each way's best round is the one it disturbed least. Takes
about 40 s.
"""

import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure

FIGURES = (
    Figure("remote_call_over_naive", "a remote call / requests.get", "x", "at least", 5),
    Figure("lone_call_over_naive", "the same, one caller at a time", "x"),
    Figure("remote_call_over_session", "a remote call / requests.Session, kept alive", "x"),
    Figure("transport_over_http_client", "the transport of calls / http.client", "x"),
)

PROJECT = Path(__file__).resolve().parent / "calls_project"
CALLERS = 4
ROUNDS = 3
SECONDS = 1.2  # for each way in each round
START_SECONDS = 20.0


def main() -> dict[str, Any]:
    """Start everything, measure, stop everything; calls per second, and their ratios."""
    cores = os.sched_getaffinity(0)
    folder = Path(tempfile.mkdtemp(prefix="ramet-bench-"))
    os.sched_setaffinity(0, {min(cores)})  # children inherit it
    try:
        with mesh(folder) as envoy, granian(folder) as ours, _gunicorn(folder) as naive:
            environment = environment_of(folder, "checkout") | {
                "NAIVE_URL": naive[1],
                "SERVERS": f"{envoy},{ours},{naive[0]}",
            }
            caller = [sys.executable, "-m", "benchmarks.calls_remote", "caller"]
            measured = subprocess.run(
                caller,
                cwd=PROJECT.parent.parent,
                env=environment,
                check=True,
                stdout=subprocess.PIPE,
                timeout=120,
            )
    finally:
        os.sched_setaffinity(0, cores)
        shutil.rmtree(folder)
    rates: dict[str, float] = json.loads(measured.stdout)
    return {
        "calls_per_second": {name: round(rate) for name, rate in rates.items()},
        "remote_call_over_naive": round(rates["ramet"] / rates["requests.get"], 1),
        "remote_call_over_session": round(rates["ramet"] / rates["requests.Session"], 1),
        "transport_over_http_client": round(rates["transport"] / rates["http.client"], 2),
        "lone_call_over_naive": round(rates["ramet, alone"] / rates["requests.get, alone"], 1),
        "target": "remote_call_over_naive >= 5",
    }


def environment_of(folder: Path, service: str) -> dict[str, str]:
    """Of a process of one of the two services, whose mesh has its sockets in `folder`."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "bench_settings",
        "PYTHONPATH": os.pathsep.join([str(PROJECT), *sys.path]),
        "RAMET_TOML": str(PROJECT / "ramet.toml"),
        "RAMET_SERVICES": service,
        "RAMET_MESH_URL": f"unix:{folder}/{{caller}}.out.sock",
    }


# -- Servers --------------------------------------------------------------------------------------


@contextmanager
def _running(command: list[str], ready: Path | int, **options: Any) -> Iterator[int]:
    """Run a server until the block ends; its process id, once its socket or port accepts."""
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _accepts(ready):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[:4]} does not serve")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # its session is its own, workers included
            process.wait()


def _accepts(address: Path | int) -> bool:
    family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        target = ("127.0.0.1", address) if isinstance(address, int) else str(address)
        return probe.connect_ex(target) == 0


@contextmanager
def mesh(
    folder: Path,
    change: Callable[[dict[str, Any]], None] | None = None,
    telemetry: str | None = None,
) -> Iterator[int]:
    """An Envoy with both sides of the mesh, its configuration changed in place by `change`.

    With `telemetry`, a collector's URL, it makes spans.
    """
    from ramet.system import Policy, load, placement
    from ramet.system.least_privilege import Grant
    from ramet.tools.gateway import Topology, command, compile, write
    from ramet.tools.local.authority import Authority

    system = load(PROJECT / "ramet.toml")
    authority = Authority(system.name, folder / "secrets", folder / "certificates")
    authority.renew(["gateway", *system.services])
    grant = Grant("catalogue", "catalogue.v1.Catalogue", "checkout", "this benchmark")
    config = folder / "envoy"
    topology = Topology(
        config_dir=config,
        run_dir=folder,
        host="127.0.0.1",
        port=_free_port(),
        access_log=folder / "access.log",
        certificates=authority.folder,
        telemetry=telemetry,
    )
    groups = placement(system, "services")
    files = compile(system, groups, topology, Policy(frozenset({grant})))
    if change is not None:
        change(files)
    write(config, files)
    with open(folder / "envoy.log", "wb") as log:
        ready = topology.out_socket("checkout")
        with _running(command(config), ready, stdout=log, stderr=log) as pid:
            yield pid


@contextmanager
def granian(folder: Path, environment: dict[str, str] | None = None) -> Iterator[int]:
    """A web process of the callee, with more variables in its environment."""
    path = folder / "catalogue.web.sock"
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
    command += ["--uds", str(path), "--blocking-threads", "1", "--workers-kill-timeout", "1"]
    command += ["--log-level", "warning", "ramet.calls.wsgi:application"]
    env = environment_of(folder, "catalogue") | (environment or {})
    with _running(command, path, env=env) as pid:
        yield pid


@contextmanager
def _gunicorn(folder: Path) -> Iterator[tuple[int, str]]:
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    command += ["--no-control-socket", "--log-level", "warning", "--worker-tmp-dir", str(folder)]
    command += ["django.core.wsgi:get_wsgi_application()"]
    with _running(command, port, env=environment_of(folder, "catalogue")) as pid:
        yield pid, f"http://127.0.0.1:{port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- The caller, a process of the service checkout ------------------------------------------------


def caller() -> None:
    """Call in turns, round by round, and print the best calls per second of each way."""
    import django

    django.setup()
    ways = _ways()
    runs = {name: (make, CALLERS) for name, make in ways.items()}
    runs |= {f"{name}, alone": (ways[name], 1) for name in ("ramet", "requests.get")}
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, (make, callers) in runs.items():
            rates[name].append(_rate(make, callers))
    json.dump({name: max(each) for name, each in rates.items()}, sys.stdout)


def _ways() -> dict[str, Callable[[], Callable[[], object]]]:
    """For each way, what makes the function that calls; every calling process makes its own."""
    import requests
    from catalogue.contract import Catalogue

    import ramet
    from ramet.calls import transport

    url = os.environ["NAIVE_URL"] + "/products/SPADE/"
    product = ramet.client(Catalogue).get("SPADE")
    assert str(product.price.amount) == "24.90"
    assert requests.get(url, timeout=5).json()["price"] == {"amount": "24.90", "currency": "EUR"}

    path = Catalogue.__ramet__.operations["get"].path
    address = os.environ["RAMET_MESH_URL"].replace("{caller}", "checkout")
    headers = ["Content-Type: application/json", "x-ramet-service: catalogue"]
    body = b'{"sku":"SPADE"}'
    socket_path = address.removeprefix("unix:")
    return {
        "ramet": lambda: lambda: ramet.client(Catalogue).get("SPADE"),
        "transport": lambda: (
            lambda: transport.post(address, path, body, headers, seconds=5.0, repeatable=True)
        ),
        "http.client": lambda: _http_client(socket_path, path, body),
        "requests.Session": lambda: _session(url),
        "requests.get": lambda: lambda: requests.get(url, timeout=5).json(),
    }


def _session(url: str) -> Callable[[], object]:
    import requests

    session = requests.Session()
    return lambda: session.get(url, timeout=5).json()


# The same request without Ramet, kept alive: what the transport of calls is chosen against.


def _http_client(socket_path: str, path: str, body: bytes) -> Callable[[], bytes]:
    import http.client

    connection = http.client.HTTPConnection("catalogue")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(socket_path)
    headers = {"Content-Type": "application/json", "x-ramet-service": "catalogue"}

    def post() -> bytes:
        connection.request("POST", path, body, headers)
        return connection.getresponse().read()

    return post


def _rate(make: Callable[[], Callable[[], object]], callers: int) -> float:
    """Calls per second of processor time, while so many processes call for `SECONDS`."""
    context = multiprocessing.get_context("fork")
    everyone = context.Barrier(callers + 1)
    results = context.SimpleQueue()

    def work() -> None:
        call = make()
        for _ in range(20):  # connections, caches
            call()
        everyone.wait(30)
        calls, spent, end = 0, time.process_time(), time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            call()
            calls += 1
        results.put((calls, time.process_time() - spent))

    processes = [context.Process(target=work) for _ in range(callers)]
    for each in processes:
        each.start()
    everyone.wait(30)
    servers = _processor_seconds()
    done = [results.get() for _ in processes]
    servers = _processor_seconds() - servers
    for each in processes:
        each.join()
    return sum(calls for calls, _ in done) / (servers + sum(spent for _, spent in done))


def _processor_seconds() -> float:
    """What the servers and their workers have used so far."""
    return processor_seconds(int(pid) for pid in os.environ["SERVERS"].split(","))


def processor_seconds(pids: Iterable[int]) -> float:
    """What processes and their children have used so far.

    From the scheduler's own account in nanoseconds: `times` counts ticks of 10 ms, which see little
    of processes that run for some 50 microseconds at a time.
    """
    import psutil

    servers = [psutil.Process(pid) for pid in pids]
    workers = [worker for server in servers for worker in server.children(recursive=True)]
    everybody = [process.pid for process in (*servers, *workers)]
    threads = [file for pid in everybody for file in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(file.read_text().split()[0]) for file in threads) / 1e9


if __name__ == "__main__":
    if sys.argv[1:] == ["caller"]:
        caller()
    else:
        print(json.dumps(main(), indent=2))
