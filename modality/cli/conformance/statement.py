"""The conformance statement as a whole, and IHE's integration statement behind it."""

from __future__ import annotations

from modality import __version__
from modality.cli.conformance import attributes, services, web
from modality.cli.conformance.document import Section, Table

# IHE Radiology's Scheduled Workflow, as far as the modality goes (the numbers of ../shared/workflow.md).
_TRANSACTIONS = (
    ("RAD-5", "Query Modality Worklist", "Acquisition Modality", "worklist, perform"),
    ("RAD-6", "Modality Procedure Step In Progress", "Acquisition Modality", "perform --mpps"),
    ("RAD-7", "Modality Procedure Step Completed/Discontinued", "Acquisition Modality", "perform --mpps"),
    ("RAD-8", "Modality Images Stored", "Acquisition Modality", "perform, send"),
    ("RAD-10", "Storage Commitment", "Acquisition Modality", "perform --commitment"),
)


def statement() -> Section:
    """The document."""
    return Section(
        f"DICOM Conformance Statement: modality {__version__}",
        (
            (
                "Written by `modality conformance` from the tables that the program works by; a statement made by "
                "another version may differ. It covers what PS3.2's template (annex N) asks for, in that order: "
                "overview, services and association policies, DICOMweb, HL7, transfer syntaxes, character sets, "
                "security, and the attributes of each message and instance. The annex's own section numbers are not "
                "kept."
            ),
            "The program simulates: its instances show phantoms, its peers are for tests. It is no medical device.",
        ),
        sections=(
            services.overview(),
            Section(
                "Networking",
                sections=(services.associations(), services.queries(), web.dicomweb(), web.hl7()),
            ),
            services.transfer_syntaxes(),
            Section(
                "Media interchange",
                (
                    (
                        "Files are written as PS3.10 has them, each instance one file; no media storage application "
                        "profile is claimed, and no DICOMDIR is written or read."
                    ),
                ),
            ),
            web.character_sets(),
            web.security(),
            Section(
                "Workflow attributes",
                sections=(
                    attributes.worklist_keys(),
                    attributes.performed_step_attributes(),
                    attributes.commitment_attributes(),
                ),
            ),
            attributes.images(),
            _integration(),
        ),
    )


def _integration() -> Section:
    return Section(
        "IHE integration statement",
        (
            (
                "The program implements the transactions below as an Acquisition Modality of the Radiology Scheduled "
                "Workflow profile would. This is no claim of a product: it is tested against Orthanc, "
                "DCMTK, dcmjs-dimse and pylantir, and has been at no Connectathon."
            ),
            (
                "What is said of the Technical Framework follows IHE RAD TF-2 and appendix A of TF-2x as remembered, "
                "and was not checked against the current text. Storing by DICOMweb, and the embedded archive and "
                "RIS, are not claimed as IHE actors; the actors that the profile groups a modality with (time "
                "client, secure node) are not implemented."
            ),
        ),
        (
            Table("Transactions", ("Transaction", "Name", "Actor", "Command"), _TRANSACTIONS),
            Table("Cases and options of the profile", ("Case", "Supported"), _cases()),
        ),
    )


# A case of the profile, and the option of `modality perform` that plays it.
_CASES = (
    ("Scheduled case", "worklist"),
    ("Unscheduled case", "unscheduled"),
    ("Group case", "group"),
    ("Append case", "append"),
    ("Exception management: discontinuation with a reason of CID 9300", "discontinue"),
    ("Rejection note after a wrong worklist entry (Imaging Object Change Management)", "rejection_note"),
    ("Storage commitment", "commitment"),
    ("Commitment reports on another association", "listen"),
    ("Recovery after an interruption", "resume"),
)


def _cases() -> list[tuple[str, str]]:
    """Whether each case can be played, by the options that the command has."""
    from modality.cli.network.perform import perform

    options = {one.name: one.opts[0] for one in perform.params}
    return [(case, f"yes: perform {options[name]}" if name in options else "no") for case, name in _CASES]
