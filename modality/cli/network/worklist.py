"""`modality worklist`: what is scheduled."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from modality.cli.connection import connection_options
from modality.cli.verb import Verb, common, emit, refuse, say, table

if TYPE_CHECKING:
    from modality.network.local import Local


@click.command(cls=Verb)
@click.option(
    "--from",
    "source",
    required=True,
    metavar="ADDRESS",
    help="The RIS: dicom://AET@host:port; with --ups https://... too.",
)
@click.option("--date", default="today", show_default=True, help="today, any, YYYY-MM-DD, or a range A..B.")
@click.option("--modality", default="", metavar="CODE", help="CT, MR, ...; any by default.")
@click.option("--station-aet", default="", metavar="AET", help="Scheduled Station AE Title; any by default.")
@click.option("--patient-id", default="", help="Patient ID.")
@click.option("--patient-name", default="", help="Patient's Name, with * and ?.")
@click.option("--accession", default="", help="Accession Number.")
@click.option("--procedure-id", default="", help="Requested Procedure ID.")
@click.option("--broad", is_flag=True, help="Everything scheduled for any station, on any date.")
@click.option("--ups", is_flag=True, help="Ask for workitems of the unified worklist (UPS) that wait to be claimed.")
@connection_options("MODALITY", "source")
@common
def worklist(
    source: str,
    date: str,
    modality: str,
    station_aet: str,
    patient_id: str,
    patient_name: str,
    accession: str,
    procedure_id: str,
    broad: bool,
    ups: bool,
    local: Local,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Ask a RIS for scheduled procedure steps (modality worklist C-FIND, or UPS by C-FIND or UPS-RS).

    Of a step that holds characters for which the RIS declares no Specific Character Set, a line says so.
    """
    from modality.network.address import WebAddress, parse, parse_dicom
    from modality.network.worklist import query_worklist
    from modality.protocol.worklist import WorklistQuery, parse_date

    if broad:
        refuse(("date", "station_aet", "modality"), "--broad asks for everything")
    if ups:
        refuse(("patient_name", "accession", "procedure_id"), "--ups asks by station, day, modality and patient ID")
    query = WorklistQuery(
        date=None if broad else parse_date(date, datetime.now().astimezone().date()),
        modality=modality,
        station_aet=station_aet,
        patient_id=patient_id,
        patient_name=patient_name,
        accession_number=accession,
        requested_procedure_id=procedure_id,
    )
    uids: list[str] = []
    if ups:
        from modality.network.ups import find_workitems
        from modality.protocol.ups.workitem import query as ups_query

        asked = ups_query(station_aet=station_aet, modality=modality, patient_id=patient_id, day=query.date_range)
        address = parse(source)
        found = find_workitems(address if isinstance(address, WebAddress) else parse_dicom(source), asked, local)
        steps, uids = [item.step for item in found], [item.uid for item in found]
    else:
        steps = query_worklist(parse_dicom(source), query, local)
    for step in steps:
        for line in step.problems:
            say(f"{step.step_id or 'step'}: {line}")
    rows = [describe(step) for step in steps]
    for row, uid in zip(rows, uids, strict=False):
        row["workitem_uid"] = uid
    if as_json:
        emit({"steps": rows})
    elif rows:
        columns = ["start", "modality", "station_aet", "patient_id", "patient_name", "accession_number", "description"]
        table("", columns, [[str(row[column]) for column in columns] for row in rows])
    else:
        click.echo("nothing is scheduled")


def describe(step: Any) -> dict[str, Any]:
    """A scheduled step as JSON has it."""
    patient = step.patient
    return {
        "start": step.start,
        "modality": step.modality,
        "station_aet": step.station_aet,
        "patient_id": patient.patient_id,
        "patient_name": patient.name,
        "birth_date": patient.birth_date,
        "sex": patient.sex,
        "accession_number": step.accession_number,
        "study_uid": step.study_uid,
        "requested_procedure_id": step.requested_procedure_id,
        "requested_procedure": step.requested_procedure_description,
        "step_id": step.step_id,
        "description": step.description,
        "protocol_codes": [
            {"value": str(code.get("CodeValue", "")), "scheme": str(code.get("CodingSchemeDesignator", "")),
             "meaning": str(code.get("CodeMeaning", ""))}
            for code in step.protocol_codes
        ],
    }  # fmt: skip
