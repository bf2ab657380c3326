"""What the services here offer to the others: contracts as JSON, for the manifest."""

from typing import Any

import msgspec

from ramet.calls.contracts import Contract, contracts
from ramet.calls.operations import Operation
from ramet.calls.refusals import Refused, find_refusal, refusals
from ramet.placement import Here

__all__ = ["declared"]


def declared(here: Here) -> dict[str, dict[str, Any]]:
    """For each service here, its contracts by full name: operations, refusals and value types.

    Deadlines are in seconds. Schemas are JSON Schema 2020-12; types that several operations use
    stand once, under `types`.
    """
    services: dict[str, dict[str, Any]] = {}
    for full_name, contract in sorted(contracts().items()):
        service = here.service_of(contract.__module__)
        if service is not None and here.has(service):
            services.setdefault(service, {})[full_name] = _contract(contract)
    return services


def _contract(contract: type[Contract]) -> dict[str, Any]:
    operations = contract.__ramet__.operations
    refused = _known_refusals(contract)
    structs: list[Any] = [refusal.Fields for refusal in refused]
    for operation in operations.values():
        structs += [operation.Arguments, operation.Answer]
    # Structs come back as references, in the order asked for; ours are named nowhere else.
    references, types = msgspec.json.schema_components(structs, ref_template="#/types/{name}")
    schemas = [types.pop(reference["$ref"].rpartition("/")[2]) for reference in references]
    of_refusals, of_operations = schemas[: len(refused)], schemas[len(refused) :]
    return {
        "version": contract.__ramet__.version,
        "operations": {
            operation.name: _operation(operation, arguments, answer)
            for operation, arguments, answer in zip(
                operations.values(), of_operations[::2], of_operations[1::2], strict=True
            )
        },
        "refusals": {
            refusal.wire_name: _untitled(schema)
            for refusal, schema in zip(refused, of_refusals, strict=True)
        },
        "types": types,
    }


def _operation(
    operation: Operation, arguments: dict[str, Any], answer: dict[str, Any]
) -> dict[str, Any]:
    return {
        "description": operation.description,
        "deadline": operation.deadline,
        "idempotent": operation.idempotent,
        "atomic": operation.atomic,
        "arguments": _untitled(arguments),
        "result": answer["properties"]["result"],
    }


def _known_refusals(contract: type[Contract]) -> list[type[Refused]]:
    module = contract.__module__
    known = [each for each in refusals() if find_refusal(each.wire_name, module) is each]
    return sorted(known, key=lambda each: each.wire_name)


def _untitled(schema: dict[str, Any]) -> dict[str, Any]:
    """Without the title that msgspec takes from the struct, whose name is ours alone."""
    return {name: value for name, value in schema.items() if name != "title"}
