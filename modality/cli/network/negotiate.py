"""`modality negotiate`: what an archive accepts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from modality.cli.connection import connection_options
from modality.cli.verb import Verb, common, emit, plain, progress, table

if TYPE_CHECKING:
    from modality.network.local import Local
    from modality.network.upper_layer.capabilities import Capabilities
    from modality.network.upper_layer.probe import Negotiated


@click.command(cls=Verb)
@click.option(
    "--to", "addresses", required=True, multiple=True, metavar="ADDRESS",
    help="The archive; with two, also what both can speak.",
)  # fmt: skip
@click.option("--sop-class", "sop_classes", multiple=True, metavar="UID|KEYWORD", help="Only this class (repeatable).")
@click.option("--extended", is_flag=True, help="Ask for roles and for SOP Class extended negotiation as well.")
@connection_options("MODALITY", "addresses")
@common
def negotiate(
    addresses: tuple[str, ...],
    sop_classes: tuple[str, ...],
    extended: bool,
    local: Local,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Find out which SOP Classes an archive accepts in which transfer syntaxes, what it would choose, and its manners.

    Nothing is stored: associations are requested and released.
    """
    from modality.network.address import parse_dicom
    from modality.network.upper_layer.probe import negotiate as ask

    if len(addresses) > 2:
        raise click.UsageError("--to: one archive, or two to compare")
    classes, syntaxes = _classes(sop_classes), known_syntaxes()
    found = []
    for address in map(parse_dicom, addresses):
        with progress(None, f"asking {address}") as done:
            found.append(ask(address, classes, syntaxes, local, extended=extended, progress=done))
    if as_json:
        documents = [as_document(one) for one in found]
        emit(documents[0] if len(found) == 1 else {"peers": documents, "intersection": intersection(*found)})
        return
    for text, one in zip(addresses, found, strict=True):
        _show(text, one)
    if len(found) == 2:
        _compare(intersection(*found))


def _compare(both: dict[str, Any]) -> None:
    """Show what two peers have in common, and where they would miss each other."""
    table("both", ["SOP Class", "syntaxes"], [[_name(uid), _names(shared)] for uid, shared in both["common"].items()])
    rows = [[_name(uid), _names(one["first"]), _names(one["second"])] for uid, one in both["apart"].items()]
    table("apart", ["SOP Class", "first only", "second only"], rows)


def known_syntaxes() -> list[str]:
    """All transfer syntaxes of instances that pydicom knows, and JPEG XL (PS3.6 Table A-1)."""
    from pydicom.uid import AllTransferSyntaxes

    # Of PS3.22's real-time video (…1.2.7.*) nothing is ever stored.
    found = [str(uid) for uid in AllTransferSyntaxes if not uid.startswith("1.2.840.10008.1.2.7.")]
    return [
        *found,
        *(
            uid
            for uid in ("1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112")
            if uid not in found
        ),
    ]


def _classes(asked: tuple[str, ...]) -> list[str]:
    """The SOP Classes asked for, or every storage class of the standard."""
    from pydicom._uid_dict import UID_dictionary
    from pydicom.uid import UID
    from pynetdicom.presentation import AllStoragePresentationContexts

    from modality.errors import UnknownNameError
    from modality.registry import unknown

    every = [str(context.abstract_syntax) for context in AllStoragePresentationContexts]
    by_keyword = {UID(uid).keyword: uid for uid in every if UID(uid).keyword}
    found = []
    for name in asked:
        if name in by_keyword:
            found.append(by_keyword[name])
        elif name in UID_dictionary or (UID(name).is_valid and name[:1].isdigit()):
            found.append(name)
        else:
            raise UnknownNameError(unknown("SOP Class", name, sorted(by_keyword)))
    return found or every


def as_document(found: Negotiated) -> dict[str, Any]:
    """A negotiation as JSON has it."""
    return {
        "peer": asdict(found.peer),
        "matrix": [
            {"sop_class": sop_class, "transfer_syntax": syntax, "accepted": accepted}
            for (sop_class, syntax), accepted in found.accepted.items()
        ],
        "preferred": found.preferred,
        **({"extended": asdict(found.capabilities)} if found.capabilities else {}),
    }


def intersection(one: Negotiated, other: Negotiated) -> dict[str, Any]:
    """What both peers accept, and where they would miss each other, by SOP Class."""
    shared: dict[str, list[str]] = {}
    apart: dict[str, dict[str, list[str]]] = {}
    for (sop_class, syntax), accepted in one.accepted.items():
        theirs = other.accepted.get((sop_class, syntax), False)
        if accepted and theirs:
            shared.setdefault(sop_class, []).append(syntax)
        elif accepted or theirs:
            side = apart.setdefault(sop_class, {"first": [], "second": []})
            side["first" if accepted else "second"].append(syntax)
    return {"common": shared, "apart": apart}


def _show(address: str, found: Negotiated) -> None:
    peer = found.peer
    version = peer.implementation_version or "no version name"
    click.echo(plain(f"{address}: {version} ({peer.implementation_class_uid})"))
    invoked, performed = peer.async_window
    click.echo(f"  maximum PDU {peer.max_pdu or 'unlimited'}, asynchronous window {invoked}/{performed}")
    click.echo(f"  129 presentation contexts: {peer.over_128}")
    for name, did in peer.illegal.items():
        click.echo(f"  {name}: {did}")
    rows: dict[str, list[str]] = {}
    for (sop_class, syntax), accepted in found.accepted.items():
        rows.setdefault(sop_class, [])
        if accepted:
            rows[sop_class].append(syntax)
    accepted_rows = [
        [_name(uid), str(len(got)), _names(got), _names([found.preferred[uid]])] for uid, got in rows.items() if got
    ]
    table("", ["SOP Class", "n", "accepted", "would choose"], accepted_rows)
    click.echo(f"{len(rows) - len(accepted_rows)} SOP Classes refused")
    if found.capabilities:
        _show_extended(found.capabilities)


def _show_extended(found: Capabilities) -> None:
    """Show what a peer says of its services, the classes of which it says the same on one line."""
    same: dict[str, list[str]] = {}
    for uid, role in found.roles.items():
        may = [name for name, allowed in (("SCU", role.scu), ("SCP", role.scp)) if allowed]
        same.setdefault(f"we may be {' and '.join(may) or 'neither SCU nor SCP'}", []).append(uid)
    for uid, keeps in found.storage.items():
        coerces = {0: "coerces nothing", 1: "may coerce elements"}.get(keeps.coercion, "coercion does not apply")
        same.setdefault(f"storage level {keeps.level}, signatures {keeps.signature_level}, {coerces}", []).append(uid)
    for uid, query in found.query.items():
        able = [name.replace("_", " ") for name, supported in asdict(query).items() if supported]
        same.setdefault(f"queries: {', '.join(able) or 'the baseline'}", []).append(uid)
    for said, uids in same.items():
        click.echo(f"  {said}: {_name(uids[0])}" + (f" and {len(uids) - 1} more" if len(uids) > 1 else ""))
    for problem in found.problems:
        click.echo(plain(f"  {problem}"))
    if not same and not found.problems:
        click.echo("  no answer to role selection or extended negotiation: the defaults hold")


def _name(uid: str) -> str:
    from pydicom.uid import UID

    return UID(uid).name


def _names(uids: list[str]) -> str:
    from pydicom.uid import UID

    return ", ".join(UID(uid).keyword or uid for uid in uids)
