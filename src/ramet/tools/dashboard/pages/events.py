"""Events: who publishes and who handles, how far behind they are, and dead letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ramet.tools.dashboard.actions import action, done
from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.manifest import Manifest
from ramet.tools.dashboard.operator import Answers, Operator
from ramet.tools.dashboard.rendering import Entry
from ramet.tools.dashboard.times import nanoseconds

__all__ = ["ENTRY", "Filter", "routes"]

ENTRY = Entry("Events", "/events", "M4 12h4l3-7 3 14 3-7h3")

_LIMIT = 50
_EVERY = 5.0  # each look is a process of every group
_DEEDS = {"replay": "tried again", "discard": "kept and never tried again"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which dead letters; what is "" does not narrow. `service` is a group."""

    service: str = ""
    id: str = ""
    handler: str = ""
    type: str = ""
    key: str = ""
    error: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Filter:
        """From a query or a form."""
        return cls(**{each.name: values.get(each.name, "").strip() for each in fields(cls)})

    @property
    def arguments(self) -> list[str]:
        """The same choice for `manage.py ramet_events`."""
        options = ("handler", "type", "key", "error", "since", "until")
        chosen = [f"--{name}={value}" for name in options if (value := getattr(self, name))]
        # Behind the dashes nothing that somebody types is an option.
        return [*chosen, *(["--", self.id] if self.id else [])]

    @property
    def query(self) -> str:
        """The same choice in an address."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return urlencode({name: value for name, value in given.items() if value})

    @property
    def groups(self) -> list[str] | None:
        """Whom to ask; None: everybody."""
        return [self.service] if self.service else None


def routes(context: Context) -> list[BaseRoute]:
    """The page and its stream, dead letters, and what can be done to them."""
    operator = context.operator

    def page(request: Request) -> Response:
        return context.renderer.page(request, "events.html", **_overview(operator))

    def stream(request: Request) -> Response:
        return context.renderer.stream(
            request, "events_state.html", lambda: _overview(operator), every=_EVERY
        )

    def letters(request: Request) -> Response:
        chosen = Filter.of(request.query_params)
        discarded = request.query_params.get("state") == "discarded"
        state = ["--discarded"] if discarded else []
        arguments = ["dead", "--json", "--for-page", f"--limit={_LIMIT}", *state]
        answers = operator.everywhere(
            "ramet_events", *arguments, *chosen.arguments, groups=chosen.groups
        )
        found = _rows(answers, "ended_at")
        return context.renderer.page(
            request,
            "events_letters.html",
            letters=found[:_LIMIT],
            is_cut=any(len(each) == _LIMIT for each in answers.of.values()),
            failed=answers.failed,
            chosen=chosen,
            discarded=discarded,
            groups=operator.groups(),
        )

    def confirm(request: Request) -> Response:
        deed, chosen = request.path_params["deed"], Filter.of(request.query_params)
        if deed not in _DEEDS:
            return context.renderer.missing(request, "such page")
        answers = _change(operator, deed, chosen, is_dry=True)
        return context.renderer.page(
            request,
            "events_confirm.html",
            deed=deed,
            what=_DEEDS[deed],
            chosen=chosen,
            counts={group: answer["count"] for group, answer in answers.of.items()},
            withheld=sum(answer["withheld"] for answer in answers.of.values()),
            failed=answers.failed,
        )

    def change(request: Request, form: dict[str, str]) -> Response:
        deed, chosen = request.path_params["deed"], Filter.of(form)
        if deed not in _DEEDS:
            return context.renderer.missing(request, "such page")
        answers = _change(operator, deed, chosen, is_dry=False)
        operator.forget()
        said = [
            f"{group}: {answer['count']} will be {_DEEDS[deed]}"
            for group, answer in answers.of.items()
            if answer["count"]
        ]
        said += [f"{group}: {text}" for group, text in answers.failed.items()]
        text = "; ".join(said) or "Nothing was changed: no dead letter matches any more"
        return done("/events/dead", f"{text}.", failed=bool(answers.failed) or not said)

    return [
        Route("/events", page),
        Route("/events/stream", stream),
        Route("/events/dead", letters),
        Route("/events/dead/{deed}", confirm, methods=["GET"]),
        action("/events/dead/{deed}", change),
    ]


def _overview(operator: Operator) -> dict[str, Any]:
    """What waits, by group and by handler, and every event type with its two ends."""
    lag = operator.lately("ramet_events", "lag", "--for-page")
    retrying = Answers({group: answer["retrying"] for group, answer in lag.of.items()})
    services = Manifest.of(operator).services
    handlers = [
        {**row, "group": group, "subscription": _subscription(services, row["handler"])}
        for group, answer in lag.of.items()
        for row in answer["handlers"]
    ]
    known = {row["handler"] for row in handlers}
    handlers += [
        {"group": service, "handler": name, "subscription": found, **_NOTHING}
        for service, declared in services.items()
        for name, found in declared.get("subscriptions", {}).items()
        if name not in known
    ]
    return {
        "handlers": sorted(handlers, key=lambda row: (-row["dead"], -row["waiting"], row["group"])),
        "types": _types(services),
        "outboxes": [{"group": group, **answer} for group, answer in lag.of.items()],
        "retrying": _rows(retrying, "next_at")[::-1],
        "failed": lag.failed,
    }


_NOTHING = {"waiting": 0, "oldest": 0.0, "retrying": 0, "held": 0, "dead": 0, "is_known": True}


def _types(services: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each event type with who publishes it and who handles it."""
    heard: dict[str, list[tuple[str, str]]] = {}
    for service, declared in services.items():
        for handler, found in declared.get("subscriptions", {}).items():
            heard.setdefault(found["event"], []).append((service, handler))
    return [
        {
            "type": type_name,
            "publisher": service,
            "key": found.get("key"),
            "version": found.get("version"),
            "handlers": heard.get(type_name, []),
        }
        for service, declared in services.items()
        for type_name, found in declared.get("events", {}).items()
    ]


def _subscription(services: Mapping[str, Mapping[str, Any]], handler: str) -> dict[str, Any] | None:
    for declared in services.values():
        found: dict[str, Any] | None = declared.get("subscriptions", {}).get(handler)
        if found is not None:
            return found
    return None


def _rows(answers: Answers, newest_by: str) -> list[dict[str, Any]]:
    """Events of all groups, the latest first, with their times as pages want them."""
    times = ("occurred_at", "received_at", "next_at", "ended_at")
    rows = [
        {**row, "group": group, **{name: nanoseconds(row[name]) for name in times}}
        for group, answer in answers.of.items()
        for row in answer
    ]
    return sorted(rows, key=lambda row: -(row[newest_by] or 0))


def _change(operator: Operator, deed: str, chosen: Filter, *, is_dry: bool) -> Answers:
    everything = [] if chosen.arguments else ["--all"]
    dry = ["--dry-run"] if is_dry else []
    return operator.everywhere(
        "ramet_events", deed, "--json", *dry, *everything, *chosen.arguments, groups=chosen.groups
    )
