"""Explain one call between services: placement, address, deadline, retries, identity, policy."""

import difflib
import json as json_format
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from ramet.cli._parameters import Argument, Option
from ramet.errors import DiagnosticError, Mistake
from ramet.system import Group, Policy, System

__all__ = ["Explanation", "command", "explanation"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One sentence for each question about a call; `call` says which."""

    call: str
    placement: str
    address: str
    deadline: str
    retries: str
    idempotency: str
    identity: str
    policy: str
    refusals: str

    def __str__(self) -> str:
        """The call, and below it a line for each question."""
        lines = [f"  {name:<11}  {text}" for name, text in asdict(self).items() if name != "call"]
        return "\n".join([self.call, *lines])


def command(
    caller: Annotated[str, Argument(help="The service that calls.")],
    operation: Annotated[
        str, Argument(metavar="CONTRACT.OPERATION", help="Such as products.reserve.")
    ],
    *,
    as_: Annotated[
        str,
        Option("--as", help="A placement; unless given, the running one, else services."),
    ] = "",
    json: Annotated[bool, Option(help="Print it as JSON.")] = False,
) -> int:
    """Say what happens when a service calls an operation of another."""
    from ramet.cli._project import ask
    from ramet.system import load, placement, policy
    from ramet.tools.local.folder import Folder

    system = load()
    text = as_ or _running_placement(system) or "services"
    groups = placement(system, text)
    manifest = json_format.loads(ask(system, "ramet_manifest"))
    run = Folder(system.root).run
    answer = explanation(system, groups, manifest, policy(system), caller, operation, run)
    print(json_format.dumps(asdict(answer), indent=2, ensure_ascii=False) if json else answer)
    return 0


def explanation(
    system: System,
    groups: tuple[Group, ...],
    manifest: dict[str, Any],
    rights: Policy,
    caller: str,
    operation: str,
    run: Path,
) -> Explanation:
    """Everything about one call, where sockets are in the folder `run`.

    DiagnosticError for a caller or an operation that is unknown.
    """
    if caller not in system.services:
        raise _unknown("unknown-service", caller, "a service", system.services)
    callee, contract, name = _find(manifest, operation)
    declared = manifest["services"][callee]["contracts"][contract]
    facts = declared["operations"][name]
    group_of = {service: group for group in groups for service in group.services}
    is_local = group_of[caller] == group_of[callee]
    path = f"/.ramet/calls/{contract}/{name}"
    return Explanation(
        call=f"{caller} -> {contract}.{name}",
        placement=_placement(group_of, caller, callee),
        address="in process; arguments and result are copied all the same"
        if is_local
        else f"POST {path} at {run}/{caller}.out.sock with x-ramet-service: {callee}, "
        f"from there over mutual TLS to {run}/{callee}.mesh.sock",
        deadline=f"{facts['deadline']:g} s at most, and never more than the caller has left",
        retries="none: not declared idempotent"
        if not facts["idempotent"]
        else "none in one process"
        if is_local
        else "once, by the mesh: declared idempotent",
        idempotency="with a key, the result is stored in the operation's own transaction"
        if facts["atomic"]
        else "atomic=False: the operation keeps its own guarantee",
        identity=f"{_identities(system, caller, callee, is_local)}; the user's access token goes "
        f"along and {callee} checks it again",
        policy=_policy(rights, caller, callee, contract, is_local),
        refusals=", ".join(declared.get("refusals", {})) or "none",
    )


def _placement(group_of: dict[str, Group], caller: str, callee: str) -> str:
    here, there = group_of[caller], group_of[callee]
    if here == there:
        return f"the same process: {here.name}"
    return f"two processes: {here.name} and {there.name}"


def _identities(system: System, caller: str, callee: str, is_local: bool) -> str:
    if is_local:
        return f"{caller}, because its module makes the client"
    name = system.name
    return f"spiffe://{name}/{caller} calls spiffe://{name}/{callee}, each shows a certificate"


def _policy(rights: Policy, caller: str, callee: str, contract: str, is_local: bool) -> str:
    if caller == callee:
        return "allowed: a service may call itself"
    where = rights.reason(caller, callee, contract)
    if where is not None:
        return f"allowed: {where} imports {contract}"
    nobody = f"nothing in {caller} imports {contract}"
    if is_local:
        return f"not needed: {nobody}, so nothing there makes this call"
    return f"refused with 403 by the mesh: {nobody}"


def _find(manifest: dict[str, Any], wanted: str) -> tuple[str, str, str]:
    """Service, full name of the contract, and operation that `products.reserve` means."""
    where, _, operation = wanted.rpartition(".")
    operations = {
        (service, contract, name)
        for service, declared in manifest["services"].items()
        for contract, content in declared.get("contracts", {}).items()
        for name in content["operations"]
    }
    found = [
        (service, contract, name)
        for service, contract, name in operations
        if name == operation
        and where.lower() in {service, contract.lower(), contract.rpartition(".")[2].lower()}
    ]
    if not found:
        known = {
            f"{contract.rpartition('.')[2].lower()}.{name}" for _, contract, name in operations
        }
        raise _unknown("unknown-operation", wanted, "CONTRACT.OPERATION", known)
    return max(found, key=_unversioned_and_version)  # of several versions, the newest


def _unversioned_and_version(found: tuple[str, str, str]) -> tuple[str, str, int]:
    service, contract, _ = found
    module, version, name = contract.rsplit(".", 2)
    return service, f"{module}.{name}", int(version.removeprefix("v"))


def _unknown(reference: str, found: str, kind: str, known: Iterable[str]) -> DiagnosticError:
    names = sorted(known)
    close = difflib.get_close_matches(found, names, n=1)
    return DiagnosticError(
        Mistake(
            reference,
            where="ramet explain",
            found=f'"{found}"',
            expected=f"{kind}: {', '.join(names) or 'there is none yet'}",
            remedy=f'Did you mean "{close[0]}"?' if close else "Name one of these.",
        )
    )


def _running_placement(system: System) -> str | None:
    from ramet.tools.local.folder import Folder
    from ramet.tools.local.state import StateFile

    state = StateFile(Folder(system.root))
    if state.running_supervisor() is None:
        return None
    return (state.read() or {}).get("placement")
