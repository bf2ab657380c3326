"""A request that names an odd charset is answered like any other."""

from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from ramet.calls.server import Operations

FORM = "application/x-www-form-urlencoded"


def read(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    request = WSGIRequest(environ)
    return [request.GET["a"].encode(), request.POST["b"].encode()]


@pytest.mark.parametrize("charset", ["hex", "rot13", "idna", "undefined", "no-such", "", "a\0"])
def test_a_form_whose_charset_decodes_no_text_is_read_as_utf_8(charset: str) -> None:
    environ = RequestFactory().post("/?a=%C3%AB", "b=%C3%AB", content_type=FORM).environ
    environ["CONTENT_TYPE"] = f"{FORM}; Charset={charset}"
    assert list(Operations(read)(environ, lambda *_: None)) == ["ë".encode()] * 2


def seen_by_django(content_type: str) -> str:
    seen = []

    def note(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ["CONTENT_TYPE"])
        return []

    environ = RequestFactory().post("/").environ
    environ["CONTENT_TYPE"] = content_type
    Operations(note)(environ, lambda *_: None)
    return seen[0]


def test_a_charset_for_text_is_left_to_django() -> None:
    kind = 'text/csv; charset="iso-8859-1"'
    assert seen_by_django(kind) == kind


def test_other_parameters_of_a_content_type_stay() -> None:
    kind = "multipart/form-data; charset=hex; boundary=x"
    assert seen_by_django(kind) == "multipart/form-data; boundary=x"
