"""Have a service or an operation be slow, fail or be gone, to see how the rest takes it."""

from __future__ import annotations

import re
import sys
from typing import Annotated

from ramet.cli._local import FAILED, answer_of, ask, folder_here
from ramet.cli._parameters import Argument, Misused, Option

_UNITS = {"ms": 1, "s": 1000, "m": 60_000}


def command(
    service: Annotated[
        str | None,
        Argument(metavar="[SERVICE[.OPERATION]]", help="Such as products or products.reserve."),
    ] = None,
    delay: Annotated[str, Option(help="Wait first, such as 500ms or 2s.")] = "",
    status: Annotated[int, Option(help="Answer 429, 500, 502, 503 or 504.")] = 0,
    share: Annotated[str, Option(help="Of how many requests, such as 50%.")] = "100%",
    gone: Annotated[bool, Option(help="As if it had no process.")] = False,
    off: Annotated[bool, Option(help="No longer; without a service, every fault.")] = False,
) -> int:
    """Switch a fault on for what the gateway and other services ask of a service, or off again.

    Without a service it lists what is on. Calls within one process are not touched. Lasts until
    `--off`, or `ramet down`.
    """
    if service is None and not off:
        return _list()
    request = {
        "command": "fault",
        "service": service,
        "delay": _milliseconds(delay) if delay else 0,
        "status": status,
        "share": _percent(share),
        "gone": gone,
        "off": off,
    }
    what = f"{service or 'everything'} is as it was" if off else f"{service} has a fault now"
    return ask(folder_here(), request, what)


def _list() -> int:
    answer = answer_of(folder_here(), {"command": "status"})
    if "error" in answer:
        print(answer["error"], file=sys.stderr)
        return FAILED
    for fault in answer["faults"]:
        print(f"{fault['where']}: {fault['what']}")
    if not answer["faults"]:
        print("no fault is on")
    return 0


def _milliseconds(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)", text)
    if match is None:
        raise Misused(f"{text!r} is not a time such as 500ms or 2s")
    return round(float(match[1]) * _UNITS[match[2]])


def _percent(text: str) -> int:
    number = text.removesuffix("%")
    if not number.isdecimal():
        raise Misused(f"{text!r} is not a percentage such as 50%")
    return int(number)
