"""What `ramet up` says when everything runs."""

from __future__ import annotations

import sys
from typing import Any

from ramet.tools.local import environment
from ramet.tools.local.folder import Folder


def summary(status: dict[str, Any], folder: Folder) -> str:
    """Addresses, the demo sign-in, and what the start cost."""
    lines = [
        "",
        f"  {status['system']} is up, as {status['placement']}",
        "",
        f"    gateway     {status['gateway']}",
    ]
    if status["dashboard"]:
        lines.append(f"    dashboard   {dashboard_link(status['dashboard'], folder)}")
    lines += [
        f"    demo users  password {_password(folder)}",
        f"    mails       {folder.mail}",
        f"    logs        {folder.logs}",
        "",
    ]
    facts = [f"{len(status['processes'])} processes"]
    if status["first_request_seconds"] is not None:
        facts.insert(0, f"first request served after {status['first_request_seconds']:.1f} s")
    if status["memory_mb"] is not None:
        facts.append(f"{status['memory_mb']:.0f} MB in all")
    lines += ["    " + ", ".join(facts), ""]
    if status["dashboard_problem"]:
        lines += ["  without its dashboard:", "", status["dashboard_problem"], ""]
    return "\n".join(lines)


def dashboard_link(url: str, folder: Folder) -> str:
    """The link that lets a person in, on a terminal; elsewhere, which may be a log, where its
    token is."""
    if sys.stdout.isatty():
        return environment.dashboard_link(url, folder)
    return f"{url} (token in {folder.dashboard_token})"


def _password(folder: Folder) -> str:
    """The demo users' password on a terminal; elsewhere, which may be a log, where it is."""
    if sys.stdout.isatty():
        return environment.demo_password(folder)
    return f"in {folder.secrets / 'demo-password'}"
