"""Show the certificates of the local mesh, or have another authority sign them."""

from __future__ import annotations

import json as json_format
import sys
from typing import Annotated

from ramet.cli._local import FAILED, answer_of, ask, folder_here
from ramet.cli._parameters import Commands, Option

app = Commands()


@app.command("list")
def list_(*, json: Annotated[bool, Option(help="Print them as JSON.")] = False) -> int:
    """Whose certificates there are, until when (UTC), and their serial numbers.

    The system must be up. Each is renewed at half its life, after 12 hours.
    """
    answer = answer_of(folder_here(), {"command": "certificates"})
    if "error" in answer:
        print(answer["error"], file=sys.stderr)
        return FAILED
    found = answer["certificates"]
    if json:
        print(json_format.dumps(found, indent=2))
        return 0
    width = max(len(each["identity"]) for each in found)
    for each in found:
        print(f"{each['identity']:<{width}}  until {each['not_after']}  {each['serial']}")
    return 0


@app.command()
def rotate() -> int:
    """Make a new authority and have it sign every certificate, without cutting a connection.

    What the old one has signed is believed for two more days.
    """
    request = {"command": "rotate-authority"}
    return ask(folder_here(), request, "a new authority signs")
