"""The description of the API is whole, and true."""

import json

import pytest
from django.core.management import CommandError, call_command
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


@pytest.mark.parametrize("service", ["orders", "products", "payments"])
def test_a_command_gives_the_paths_of_one_service_alone(
    service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("ramet_openapi", service)
    paths = json.loads(capsys.readouterr().out)["paths"]
    whole = json.loads(WHOLE.read_text())["paths"]
    assert paths
    assert paths.keys() == {path for path in whole if path.startswith(f"/api/v1/{service}/")}


def test_a_service_that_is_not_here_is_named() -> None:
    with pytest.raises(CommandError, match="nobody does not live in this process"):
        call_command("ramet_openapi", "nobody")
