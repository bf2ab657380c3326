"""What a process says about its contracts: system checks and the manifest."""

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.test import override_settings

import ramet
from ramet.calls import CallInsideTransaction, Unavailable
from ramet.calls.checks import check_implementations
from ramet.calls.manifest import declared
from ramet.errors import DiagnosticError
from ramet.placement import here
from tests.integration.calls.conftest import Mesh, place


@pytest.fixture(autouse=True)
def placed(mesh: Mesh) -> Iterator[None]:
    for service in ("depot", "bureau"):
        import_module(f"{service}.services")
    with override_settings(RAMET=place(mesh, "depot")):
        yield


def test_a_contract_that_nobody_implements_is_a_check_error() -> None:
    errors = check_implementations()
    assert [(error.id, error.obj) for error in errors] == [
        ("ramet.E010", "depot.contract.Unplaced"),
        ("ramet.E010", "depot.contract.DepotV9"),
    ]
    assert errors[0].msg == (
        "Nothing implements the contract depot.v1.Unplaced: its calls would be refused."
    )
    assert errors[0].hint == (
        "Decorate a class in depot.services with @ramet.implements(Unplaced)."
    )


def test_the_manifest_has_the_contracts_of_the_services_here_only() -> None:
    manifest = declared(here())
    assert list(manifest) == ["depot"]
    assert list(manifest["depot"]) == ["depot.v1.Depot", "depot.v1.Unplaced", "depot.v9.Depot"]


def test_the_manifest_says_what_an_operation_takes_and_gives() -> None:
    contract = declared(here())["depot"]["depot.v1.Depot"]
    assert contract["operations"]["pick"] == {
        "description": "The part `count` times, its note made of the tags.",
        "deadline": 5.0,
        "idempotent": True,
        "atomic": True,
        "arguments": {
            "type": "object",
            "properties": {
                "part": {"$ref": "#/types/Part"},
                "count": {"type": "integer", "default": 1},
                "tags": {"type": "array", "items": {"type": "string"}, "default": []},
            },
            "required": ["part"],
        },
        "result": {"type": "array", "items": {"$ref": "#/types/Part"}},
    }


def test_the_manifest_says_what_an_operation_may_be_refused_with() -> None:
    contract = declared(here())["depot"]["depot.v1.Depot"]
    assert list(contract["refusals"]) == ["depot.Full"]
    assert contract["refusals"]["depot.Full"]["required"] == ["label", "limit", "since", "ids"]


def test_the_manifest_says_what_values_are_made_of() -> None:
    types = declared(here())["depot"]["depot.v1.Depot"]["types"]
    assert set(types) == {"Everything", "Part", "Node", "Colour"}
    assert types["Part"]["required"] == ["sku", "quantity"]
    assert types["Node"]["properties"]["children"]["items"] == {"$ref": "#/types/Node"}


def test_a_service_without_an_address_is_unavailable(mesh: Mesh) -> None:
    import dataclasses

    from bureau.contract import Bureau

    place_here = here()
    environment = dataclasses.replace(place_here.environment, mesh_template=None)
    with override_settings(RAMET=dataclasses.replace(place_here, environment=environment)):
        client = ramet.client(Bureau)
        with pytest.raises(Unavailable, match="RAMET_MESH_URL is not set"):
            client.whoami_downstream()


def test_a_contract_of_no_service_cannot_be_called() -> None:
    class Stray(ramet.Contract, version=1):
        @ramet.operation
        def nothing(self) -> None:
            """Belongs nowhere."""

    with pytest.raises(DiagnosticError, match="contract-of-no-service"):
        ramet.client(Stray).nothing()


@pytest.mark.parametrize("key", ["", "k" * 256, "line\nbreak", "Schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    from depot.contract import Depot

    with pytest.raises(ValueError, match="printable ASCII"):
        ramet.client(Depot, idempotency_key=key).record("x")


def test_a_call_inside_a_transaction_is_a_mistake_of_the_call_site_and_no_remote_error() -> None:
    assert not issubclass(CallInsideTransaction, ramet.RemoteError)
