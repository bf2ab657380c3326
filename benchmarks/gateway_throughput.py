"""The gateway with everything on, against bare Envoy and against a gateway written with DRF.

Ours: what `compile` makes of a system, with a token in every request, all limits, the breakers, the
JSON access log, and mutual TLS to the service's mesh listener, which another Envoy has, as in a
pod. Bare: the same Envoy with a listener, one route and one cluster. Naive: a DRF view that
forwards with `requests.request` under gunicorn, and does not look at the token. The service behind
all three is another Envoy that answers at once, so that the gateway is what is measured.

The gateway is pinned to one core, load and service to the other ones. A rate is requests per second
of processor time that the gateway spends, which on a quiet machine is requests per second of that
core. The ratios are medians of those within one short round, so that what else the machine does
slows both sides. Load is from wrk where it is installed, else from a loop over pycurl. Takes about
45 s.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from joserfc.jwk import RSAKey

from benchmarks.figures import Figure
from ramet.identity import issuing
from ramet.system import Gateway, Infrastructure, Service, System, placement
from ramet.tools.gateway import Topology, command, compile, engine, write
from ramet.tools.local.authority import Authority

FIGURES = (
    Figure("everything_on_over_bare_envoy", "everything on / bare Envoy", "x", "at least", 0.75),
    Figure("everything_on_over_naive_drf", "everything on / naive DRF", "x", "at least", 20),
)

ROUNDS = 11
SECONDS = 1  # for each gateway in each round
CONNECTIONS = 32
START_SECONDS = 20.0
ISSUER = "http://localhost:8000/o"
PATH = "/api/v1/orders/"


def main() -> dict[str, Any]:
    """Start all three, measure in turns, stop all; requests per core second, and the ratios."""
    cores = sorted(os.sched_getaffinity(0))
    folder = Path(tempfile.mkdtemp(prefix="ramet-bench-", dir="/tmp"))
    key = RSAKey.generate_key(2048)
    try:
        os.sched_setaffinity(0, cores[1:] or cores)
        with ExitStack() as stack:
            service = stack.enter_context(_service(folder, key))
            gateway, mesh = _everything(folder)
            socket_of_mesh = Path(mesh.mesh_address("orders"))
            stack.enter_context(_running(command(mesh.config_dir), socket_of_mesh, folder))
            os.sched_setaffinity(0, cores[:1])  # the gateways inherit it
            gateways = {
                "everything_on": stack.enter_context(_everything_on(gateway, folder)),
                "bare_envoy": stack.enter_context(_bare(folder)),
                "naive_drf": stack.enter_context(_naive(folder, service)),
            }
            os.sched_setaffinity(0, cores[1:] or cores)
            rounds, problems = _measure(gateways, _token(key))
        log = (folder / "access.log").read_text().splitlines()
    finally:
        os.sched_setaffinity(0, cores)
        shutil.rmtree(folder)
    # The figure counts only if the gateway did its work: every request logged and forwarded.
    # wrk hangs up at the end of a round: those requests have no status.
    served = [entry for entry in map(json.loads, log) if entry["flags"] != "DC"]
    assert {entry["status"] for entry in served} == {200}, served[-1]
    assert {entry["service"] for entry in served} == {"orders"}, served[-1]

    def over(name: str) -> float:
        return median(each["everything_on"] / each[name] for each in rounds)

    return {
        "requests_per_core_second": {
            name: round(median(each[name] for each in rounds)) for name in gateways
        },
        "everything_on_over_bare_envoy": round(over("bare_envoy"), 2),
        "everything_on_over_naive_drf": round(over("naive_drf"), 1),
        "failed_requests": problems,
        "load": "wrk" if shutil.which("wrk") else "pycurl",
        "target": "everything_on_over_bare_envoy >= 0.75, everything_on_over_naive_drf >= 20",
    }


# -- Measuring ------------------------------------------------------------------------------------


def _measure(
    gateways: Mapping[str, tuple[psutil.Process, int]], token: str
) -> tuple[list[dict[str, float]], int]:
    """The rates of each round, and how many requests failed in all."""
    rounds: list[dict[str, float]] = []
    problems = 0
    for _ in range(ROUNDS + 1):
        rounds.append({})
        for name, (process, port) in gateways.items():
            before = _processor_seconds(process)
            answered, failed = _load(f"http://127.0.0.1:{port}{PATH}", token)
            rounds[-1][name] = answered / (_processor_seconds(process) - before)
            problems += failed
    return rounds[1:], problems  # the first one warms up


def _processor_seconds(process: psutil.Process) -> float:
    family = [process, *process.children(recursive=True)]
    return sum(times.user + times.system for times in (each.cpu_times() for each in family))


def _load(url: str, token: str) -> tuple[int, int]:
    """(answers, failures) of CONNECTIONS kept-alive connections in SECONDS."""
    if shutil.which("wrk") is None:
        return _load_with_pycurl(url, token)
    header = f"Authorization: Bearer {token}"
    wanted = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", header]
    said = subprocess.run([*wanted, url], check=True, capture_output=True, text=True).stdout
    answers = re.search(r"(\d+) requests in", said)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    assert answers, said
    failed = sum(int(number) for found in (refused, errors) if found for number in found.groups())
    return int(answers[1]), failed


def _load_with_pycurl(url: str, token: str) -> tuple[int, int]:
    import pycurl

    loads = pycurl.CurlMulti()
    for _ in range(CONNECTIONS):
        handle = pycurl.Curl()
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.HTTPHEADER, [f"Authorization: Bearer {token}"])
        handle.setopt(pycurl.WRITEFUNCTION, len)
        loads.add_handle(handle)
    answers = failures = 0
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        loads.perform()
        _, done, failed = loads.info_read()
        for handle in [*done, *(handle for handle, _, _ in failed)]:
            answers += 1
            failures += handle.getinfo(pycurl.RESPONSE_CODE) != 200
            loads.remove_handle(handle)
            loads.add_handle(handle)
        loads.select(0.1)
    loads.close()
    return answers, failures


def _token(key: RSAKey) -> str:
    return issuing.issue(
        key.as_pem(private=True).decode(),
        issuer=ISSUER,
        audience="shop",
        subject="6f1d1a9e-5b2c-4c55-9c0e-2f3a4b5c6d7e",
        client_id="storefront",
        username="alice",
        scopes=["openid", "profile"],
    )


# -- The three gateways, and the service behind them ----------------------------------------------


def _everything(folder: Path) -> tuple[Topology, Topology]:
    """Write the configuration of the gateway, and that of the services' side of the mesh."""
    services = {
        name: Service(name, apps=(f"shop.{name}",), routes=routes)
        for name, routes in {
            "users": ("/o/", "/api/v1/users/"),
            "products": ("/api/v1/products/",),
            "orders": ("/api/v1/orders/",),
            "payments": ("/api/v1/payments/",),
            "storefront": ("/",),
        }.items()
    }
    listen = Gateway("127.0.0.1", _free_port(), "users")
    path = folder / "ramet.toml"
    system = System("shop", "shop.settings", services, listen, Infrastructure(), path)
    authority = Authority("shop", folder / "secrets", folder / "certificates")
    authority.renew(["gateway", *services])
    pod = folder / "pod"
    pod.mkdir()
    gateway = Topology(
        config_dir=folder / "full",
        run_dir=folder,
        host="127.0.0.1",
        port=listen.port,
        access_log=folder / "access.log",
        certificates=authority.folder,
        endpoints={name: (str(folder / "service.sock"),) for name in services},
        mesh={name: str(pod / f"{name}.mesh.sock") for name in services},
        issuer=ISSUER,
    )
    mesh = replace(gateway, config_dir=pod, run_dir=pod, access_log=pod / "access.log")
    for topology in (gateway, mesh):
        files = compile(system, placement(system, "services"), topology)
        listeners = files["lds.json"]["resources"]
        files["lds.json"]["resources"] = [
            each for each in listeners if (each["name"] == "gateway") == (topology is gateway)
        ]
        write(topology.config_dir, files)
    return gateway, mesh


@contextmanager
def _everything_on(gateway: Topology, folder: Path) -> Iterator[tuple[psutil.Process, int]]:
    with _running(command(gateway.config_dir), gateway.port, folder) as process:
        yield process, gateway.port


@contextmanager
def _bare(folder: Path) -> Iterator[tuple[psutil.Process, int]]:
    port = _free_port()
    route = {"match": {"prefix": "/"}, "route": {"cluster": "service"}}
    endpoint = {"address": {"pipe": {"path": str(folder / "service.sock")}}}
    cluster = {
        "name": "service",
        "load_assignment": {
            "cluster_name": "service",
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
        },
    }
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    with _envoy(folder, "bare", address, [route], [cluster], port) as process:
        yield process, port


@contextmanager
def _naive(folder: Path, service: str) -> Iterator[tuple[psutil.Process, int]]:
    port = _free_port()
    here = Path(__file__).resolve()
    server = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--chdir"]
    server += [str(here.parent.parent), "--no-control-socket", "--log-level", "error"]
    server += ["--worker-tmp-dir", str(folder), f"benchmarks.{here.stem}:naive('{service}')"]
    with _running(server, port, folder) as process:
        yield process, port


@contextmanager
def _service(folder: Path, key: RSAKey) -> Iterator[str]:
    """Answers everything at once, on a socket and on a port; gives the URL of the latter."""
    public = {**key.as_dict(private=False), "kid": key.thumbprint(), "alg": "RS256"}
    contents = {
        "/o/.well-known/jwks.json": json.dumps({"keys": [public]}),
        PATH: '{"results": [], "next": null}',
    }
    routes = [
        {
            "match": {"path": path},
            "direct_response": {"status": 200, "body": {"inline_string": content}},
        }
        for path, content in contents.items()
    ]
    pipe = {"pipe": {"path": str(folder / "service.sock"), "mode": 0o600}}
    port = _free_port()
    with _envoy(folder, "service", pipe, routes, [], port, second_port=port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _envoy(
    folder: Path,
    name: str,
    address: dict[str, Any],
    routes: list[dict[str, Any]],
    clusters: list[dict[str, Any]],
    port: int,
    second_port: int | None = None,
) -> Iterator[psutil.Process]:
    """An Envoy that does nothing but these routes."""
    hosts = [{"name": name, "domains": ["*"], "routes": routes}]
    filters = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{filters}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "route_config": {"virtual_hosts": hosts},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{filters}.http.router.v3.Router"},
            }
        ],
    }
    chain = {"filters": [{"name": "hcm", "typed_config": manager}]}
    addresses = [address]
    if second_port is not None:
        second = {"address": "127.0.0.1", "port_value": second_port}
        addresses.append({"socket_address": second})
    listeners = [
        {
            "name": f"{name}-{number}",
            "address": each,
            "filter_chains": [chain],
            "enable_reuse_port": False,
        }
        for number, each in enumerate(addresses)
    ]
    path = folder / f"{name}.json"
    resources = {"listeners": listeners, "clusters": clusters}
    path.write_text(json.dumps({"static_resources": resources}))
    server = [str(engine.binary()), "--config-path", str(path), "--concurrency", "1"]
    server += ["--disable-hot-restart", "--log-level", "error"]
    with _running(server, port, folder) as process:
        yield process


def naive(service: str) -> Callable[..., Any]:
    """The gateway that many projects have: a view for every path, and requests (in gunicorn)."""
    import requests
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse
    from django.urls import re_path

    settings.configure(
        ROOT_URLCONF=sys.modules[__name__],
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="benchmark",
        REST_FRAMEWORK={"UNAUTHENTICATED_USER": None, "DEFAULT_AUTHENTICATION_CLASSES": []},
    )
    application = get_wsgi_application()
    from rest_framework.views import APIView

    class Forward(APIView):
        def get(self, request: Any) -> HttpResponse:
            answer = requests.request(
                request.method,
                service + request.get_full_path(),
                headers={"Authorization": request.headers.get("Authorization", "")},
                data=request.body,
                timeout=15,
            )
            kind = answer.headers.get("Content-Type")
            return HttpResponse(answer.content, status=answer.status_code, content_type=kind)

    globals()["urlpatterns"] = [re_path("", Forward.as_view())]
    return application


# -- Processes ------------------------------------------------------------------------------------


@contextmanager
def _running(arguments: list[str], port: int | Path, folder: Path) -> Iterator[psutil.Process]:
    """Run a server until the block ends; given once its port or socket accepts."""
    with (folder / "servers.log").open("ab") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _accepts(port):
            if process.poll() is not None or time.monotonic() > deadline:
                said = (folder / "servers.log").read_text()
                raise RuntimeError(f"{arguments[:4]} does not serve: {said[-2000:]}")
            time.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _accepts(port: int | Path) -> bool:
    with socket.socket(socket.AF_UNIX if isinstance(port, Path) else socket.AF_INET) as probe:
        return probe.connect_ex(str(port) if isinstance(port, Path) else ("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
