"""The operations of the running services' OpenAPI documents, and a valid request for each.

What attacks then change is one thing at a time: a request that is wrong in another place too would
be refused for that.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from tests.acceptance.abuse.browser import from_elsewhere
from tests.acceptance.abuse.inventory import schemas
from tests.acceptance.running_shop import RunningShop

STAFF = "erin"


@dataclass(frozen=True)
class Operation:
    """One method of one path; `definitions` are the components of its document."""

    method: str
    path: str
    described: dict[str, Any]
    definitions: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """Query parameters with their schemas."""
        return {
            each["name"]: each.get("schema", {})
            for each in self.described.get("parameters", [])
            if each["in"] == "query"
        }

    @property
    def body(self) -> dict[str, Any] | None:
        """The schema of the JSON body; None where there is none."""
        content = self.described.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return None if schema is None else self._resolved(schema)

    def fields(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Everything that a client may say: query parameters and fields at any depth."""
        yield from self.parameters.items()
        if self.body is not None:
            yield from self._inside(self.body)

    def _inside(self, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, described in schema.get("properties", {}).items():
            inner = self._resolved(described)
            yield name, inner
            yield from self._inside(self._resolved(inner.get("items", inner)))

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in schema:
            found: dict[str, Any] = self.definitions[schema["$ref"].rpartition("/")[2]]
            return found
        return schema

    # ── a request ─────────────────────────────────────────────────────────────────────────────

    def texts(self) -> list[tuple[str | int, ...]]:
        """The places of texts in the body, as keys from the outside in."""
        return list(_texts(self.example()))

    def example(self) -> dict[str, Any]:
        """A body that is accepted, new each time."""
        name = f"x{uuid.uuid4().hex[:10]}"
        price = {"amount": "2.50", "currency": "EUR"}
        product = {
            "name": "Dibber",
            "description": "For bulbs.",
            "category": "Test",
            "price": price,
            "stock": 3,
        }
        examples: dict[str, dict[str, Any]] = {
            "POST /api/v1/orders/": {
                "lines": [{"sku": "TL-101", "quantity": 1}],
                "payment_token": "tok_declined",
            },
            "POST /api/v1/products/": {"sku": name.upper(), **product},
            "PATCH /api/v1/products/{sku}/": product,
            "POST /api/v1/users/": {
                "username": name,
                "email": f"{name}@shop.example",
                "password": uuid.uuid4().hex,
            },
            "PATCH /api/v1/users/me/": {
                "first_name": "Xenia",
                "last_name": "Xylo",
            },
            "POST /api/v1/payments/webhooks/{provider_name}/": {
                "id": name,
                "type": "x",
                "reference": "y",
            },
        }
        assert str(self) in examples or self.body is None, f"write down what {self} accepts"
        return examples.get(str(self), {})

    def send(
        self,
        shop: RunningShop,
        *,
        everywhere: str | None = None,
        body: Any = None,
        query: dict[str, Any] | None = None,
    ) -> requests.Response:
        """A request of somebody who may; `everywhere` stands in each text and each parameter."""
        query = query or {}
        body = self.example() if body is None else body
        if everywhere is not None:
            query = dict.fromkeys(self.parameters, everywhere)
            for place in _texts(body):
                body = replaced(body, place, everywhere)
        return shop.call(
            self.method,
            self._address(),
            user=self._who(),
            by=from_elsewhere(),
            params=query,
            headers={"Idempotency-Key": str(uuid.uuid4())},
            **({"json": body} if self.body is not None else {}),
        )

    def _address(self) -> str:
        address = self.path
        for name, value in (
            ("{id}", str(uuid.uuid4())),
            ("{sku}", "TL-101"),
            ("{provider_name}", "sandbox"),
        ):
            address = address.replace(name, value)
        return address

    def _who(self) -> str | None:
        if "/products/" in self.path:
            return STAFF
        is_open = {} in self.described.get("security", [{}])
        return None if is_open else "bob"


def operations(shop: RunningShop) -> list[Operation]:
    """Every operation of every running service."""
    return [
        Operation(method.upper(), path, described, schema.get("components", {}).get("schemas", {}))
        for schema in schemas(shop).values()
        for path, methods in schema["paths"].items()
        for method, described in methods.items()
    ]


def replaced(body: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """A copy of the body with `value` at a place."""
    if not place:
        return value
    first, *others = place
    copy: Any = list(body) if isinstance(body, list) else dict(body)
    copy[first] = replaced(copy[first], tuple(others), value)
    return copy


def _texts(body: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(body, str):
        yield place
    elif isinstance(body, dict | list):
        for key, inner in body.items() if isinstance(body, dict) else enumerate(body):
            yield from _texts(inner, (*place, key))
