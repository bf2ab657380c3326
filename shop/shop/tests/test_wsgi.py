"""What a request says about itself before Django has read it."""

from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from shop import wsgi


@pytest.mark.parametrize("charset", ["hex", "rot13", "idna", "utf-16", '"UTF-8"', "no-such"])
def test_whatever_charset_a_request_names_it_is_read_as_utf_8(
    monkeypatch: pytest.MonkeyPatch, charset: str
) -> None:
    def read(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        request = WSGIRequest(environ)
        return [request.GET["a"].encode(), request.POST["b"].encode()]

    monkeypatch.setattr(wsgi, "_django", read)
    form = "application/x-www-form-urlencoded"
    environ = RequestFactory().post("/?a=%C3%AB", "b=%C3%AB", content_type=form).environ
    environ["CONTENT_TYPE"] = f"{form}; Charset={charset}"
    assert list(wsgi.application(environ, lambda *_: None)) == ["ë".encode()] * 2


def test_other_parameters_of_a_content_type_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi, "_django", lambda environ, _: [environ["CONTENT_TYPE"].encode()])
    environ = {"CONTENT_TYPE": "multipart/form-data; charset=hex; boundary=x"}
    assert list(wsgi.application(environ, lambda *_: None)) == [b"multipart/form-data; boundary=x"]
