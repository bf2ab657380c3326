"""The description of the API is whole, and true."""

import json

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from shop.schema import WHOLE


def test_the_committed_document_is_what_the_code_says() -> None:
    made = SchemaGenerator().get_schema(request=None, public=True)
    assert json.loads(WHOLE.read_text(encoding="utf-8")) == json.loads(json.dumps(made)), (
        "write it again: see the docstring of shop/schema.py"
    )


def test_anyone_reads_the_whole_document() -> None:
    answer = APIClient().get("/api/schema/")
    assert answer.status_code == 200
    assert answer["content-type"] == "application/vnd.oai.openapi+json"
    services = {path.split("/")[3] for path in answer.json()["paths"]}
    assert services == {"users", "products", "orders", "payments"}


def test_nobody_writes_it() -> None:
    answer = APIClient().post("/api/schema/")
    assert (answer.status_code, answer["content-type"]) == (405, "application/problem+json")
    assert answer["allow"] == "GET, HEAD"


@pytest.mark.parametrize("service", ["users", "products", "orders", "payments"])
def test_each_service_describes_itself(service: str) -> None:
    answer = APIClient().get(f"/api/v1/{service}/schema/")
    assert answer.status_code == 200
    assert {path.split("/")[3] for path in answer.json()["paths"]} == {service}


def test_errors_below_the_api_are_problems_and_pages_elsewhere() -> None:
    assert APIClient().get("/api/v1/none/")["content-type"] == "application/problem+json"
    assert APIClient().get("/o/none/")["content-type"].startswith("text/html")
