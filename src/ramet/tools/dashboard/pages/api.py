"""API: every service's operations with a form to call them, its HTTP API and its events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ramet.system import asyncapi
from ramet.tools.dashboard import own_spans
from ramet.tools.dashboard.access import HEADERS
from ramet.tools.dashboard.actions import action, done
from ramet.tools.dashboard.calling import Call, Result, call
from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.contract_forms import Unreadable, fields_of, read
from ramet.tools.dashboard.manifest import Manifest
from ramet.tools.dashboard.operator import Failed
from ramet.tools.dashboard.processes import overview
from ramet.tools.dashboard.rendering import Entry

__all__ = ["ENTRY", "routes"]

ENTRY = Entry("API", "/api", "M8 8l-5 4 5 4M16 8l5 4-5 4M14 5l-4 14")

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as the manifest has it; `full_name` as in its address."""

    service: str
    contract: str
    name: str
    declared: Mapping[str, Any]
    types: Mapping[str, Any]

    @property
    def full_name(self) -> str:
        """Such as `shop.products.v1.Products/reserve`."""
        return f"{self.contract}/{self.name}"


def routes(context: Context) -> list[BaseRoute]:
    """The list, each operation's form and its call, and the documents."""
    operator = context.operator

    def page(request: Request) -> Response:
        services = Manifest.of(operator).services
        return context.renderer.page(
            request,
            "api.html",
            services={
                name: [each for each in _operations(services) if each.service == name]
                for name in services
            },
            declared=services,
            callers=_callers(context),
        )

    def form(request: Request) -> Response:
        found = _find(context, request)
        if found is None:
            return context.renderer.missing(request, "such operation")
        return _form(context, request, found, {})

    def make(request: Request, given: dict[str, str]) -> Response:
        """Shows what would be called and asks; calls it once it was said that this is meant."""
        given = {"ramet-caller": "", **given}  # what is empty does not come back from the question
        found, run = _find(context, request), _run(context)
        if found is None or run is None:
            return context.renderer.missing(request, "such operation")
        try:
            arguments = read(_fields(found), given)
        except Unreadable as error:
            return _form(context, request, found, given, mistake=str(error))
        if given.get("ramet-sure") != "yes":
            return context.renderer.page(
                request,
                "api_confirm.html",
                operation=found,
                given={name: value for name, value in given.items() if value},
                arguments=json.dumps(arguments, indent=2, ensure_ascii=False),
            )
        try:
            result = _call(context, run, found, arguments, given)
        except Failed as error:
            return _form(context, request, found, given, mistake=str(error))
        return _form(context, request, found, given, result=result)

    def http(request: Request) -> Response:
        service = request.path_params["service"]
        try:
            document = _openapi(context, service)
        except Failed as error:
            return done("/api", f"{service}: {error}", failed=True)
        if document is None:
            return context.renderer.missing(request, "such service")
        return context.renderer.page(
            request, "api_http.html", service=service, endpoints=_endpoints(document)
        )

    def openapi(request: Request) -> Response:
        try:
            document = _openapi(context, request.path_params["service"])
        except Failed as error:
            return _json({"problem": str(error)}, 404)
        return _json(document) if document else _json({"problem": "There is no such service."}, 404)

    def events(request: Request) -> Response:
        services, system = Manifest.of(operator).services, context.project.system
        service = request.path_params.get("service", "")
        if system is None or (service and service not in services):
            return _json({"problem": "There is no such service."}, 404)
        manifest = {"manifest": 1, "system": system.name, "services": services}
        return _json(asyncapi.document(manifest, system.infrastructure.broker, service))

    return [
        Route("/api", page),
        Route("/api/asyncapi.json", events),
        Route("/api/{service}/http", http),
        Route("/api/{service}/openapi.json", openapi),
        Route("/api/{service}/asyncapi.json", events),
        Route("/api/{service}/{contract}/{operation}", form, methods=["GET"]),
        action("/api/{service}/{contract}/{operation}", make),
    ]


def _operations(services: Mapping[str, Mapping[str, Any]]) -> list[Operation]:
    return [
        Operation(service, contract, name, facts, content.get("types", {}))
        for service, declared in services.items()
        for contract, content in declared.get("contracts", {}).items()
        for name, facts in content["operations"].items()
    ]


def _find(context: Context, request: Request) -> Operation | None:
    wanted = tuple(request.path_params[name] for name in ("service", "contract", "operation"))
    for each in _operations(Manifest.of(context.operator).services):
        if (each.service, each.contract, each.name) == wanted:
            return each
    return None


def _fields(operation: Operation) -> list[Any]:
    return fields_of(operation.declared["arguments"], operation.types)


def _form(
    context: Context,
    request: Request,
    operation: Operation,
    given: Mapping[str, str],
    *,
    mistake: str = "",
    result: Result | None = None,
) -> Response:
    allowed = _callers(context).get(operation.contract, ())
    others = [name for name in context.project.services if name not in allowed]
    return context.renderer.page(
        request,
        "api_operation.html",
        operation=operation,
        fields=_fields(operation),
        given=given,
        allowed=allowed,
        others=[name for name in others if name != operation.service],
        mistake=mistake,
        result=result,
        has_issuer=_issuer(context) is not None,
    )


def _callers(context: Context) -> dict[str, tuple[str, ...]]:
    """Who may call each contract, as the code is now."""
    found: dict[str, tuple[str, ...]] = {}
    for service in context.project.services:
        found |= context.project.flows.policy.callers(service)
    return found


def _call(
    context: Context,
    run: Path,
    operation: Operation,
    arguments: dict[str, Any],
    given: Mapping[str, str],
) -> Result:
    """Raises Failed where the user whose call it is to be cannot be signed in."""
    caller = given.get("ramet-caller", "")
    if caller not in ("", *context.project.services):
        raise Failed(f"{caller!r} is no service.")
    group = overview(context.control).group_of(operation.service)
    if group is None:
        raise Failed(f"{operation.service} does not run here.")
    key = given.get("ramet-key", "").strip()
    if not (key.isascii() and key.isprintable()):  # what a header takes (RFC 9110, 5.5)
        raise Failed("An idempotency key has letters, digits and signs of ASCII only.")
    wanted = Call(
        caller=caller,
        service=operation.service,
        group=group,
        operation=operation.full_name,
        arguments=arguments,
        deadline=float(operation.declared["deadline"]),
        is_idempotent=bool(operation.declared["idempotent"]),
        token=_token(context, given.get("ramet-user", "").strip()),
        key=key,
    )
    result = call(run, wanted)
    own_spans.keep(context.store, wanted, result)
    return result


def _token(context: Context, user: str) -> str:
    """An access token of a user of the local system, which no page shows. Raises Failed."""
    issuer = _issuer(context)
    if not user or issuer is None:
        return ""
    return context.operator.text(issuer, "ramet_token", "--", user).strip()


def _issuer(context: Context) -> str | None:
    system = context.project.system
    issuer = system.gateway.issuer if system else None
    return issuer if issuer in context.project.services else None


def _run(context: Context) -> Path | None:
    """The folder of the system's sockets; None where the dashboard runs without a system."""
    control = context.settings.control
    return control.parent if control else None


def _openapi(context: Context, service: str) -> dict[str, Any] | None:
    """What the service's own views say of themselves; None for no such service. Raises Failed."""
    group = overview(context.control).group_of(service)
    if group is None:
        return None
    answers = context.operator.lately(
        "ramet_openapi",
        service,
        groups=(group,),
        seconds=3600.0,
        generation=context.operator.generation(),
    )
    if why := answers.failed.get(group):
        raise Failed(why)
    found: dict[str, Any] = answers.of[group]
    return found


def _endpoints(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "method": method.upper(),
            "path": path,
            "summary": found.get("summary") or found.get("description", "").partition("\n")[0],
            "parameters": [each["name"] for each in found.get("parameters", ()) if "name" in each],
            "answers": sorted(found.get("responses", {})),
        }
        for path, methods in document["paths"].items()
        for method, found in methods.items()
        if method in _METHODS
    ]


def _json(value: Any, status: int = 200) -> Response:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return Response(text, status, HEADERS, media_type="application/json")
