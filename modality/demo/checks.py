"""What the demo checks, on what the peers hold: asked back over the network, or read from the RIS's own record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from modality.acquisition.mr import MrAcquisition
from modality.demo.check import Check
from modality.demo.slides import nuclei_are_dark
from modality.errors import counted
from modality.network.address import parse_dicom
from modality.network.query import find_instances
from modality.network.verify import verify_instances
from modality.protocol.worklist import text
from modality.simulated.archive import SimulatedArchive
from modality.simulated.ris import SimulatedRis
from modality.station.rounds import Result
from modality.station.station import Station
from modality.transfer.reading import read

if TYPE_CHECKING:
    from modality.demo.day import Day
    from modality.station.study import Scan

Say = Callable[[str, str], None]

_TISSUE = 0.5  # proton density over which a structure is tissue or fluid: bone and air give MR next to no signal
_ENOUGH_PIXELS = 30
_SIGMAS = 5  # of the mean's own noise: an honest image fails once in a million
_BIAS = 0.03  # what the point spread brings in from outside a ball's two thirds, as a part of the signal
_BIAS_HU = 3.0


def of_the_day(day: Day, ris: SimulatedRis, archive: SimulatedArchive, say: Say) -> list[Check]:
    """What must hold of the day as a whole."""
    today = f"{day.when:%Y%m%d}"
    due = [step for step in ris.steps if text(step.step, "ScheduledProcedureStepStartDate") == today]
    performed = {text(one.dataset, "PerformedProcedureStepID") for one in ris.performed_steps.values()}
    states = [one.state for one in ris.performed_steps.values()]
    created = [uid for _, result in day.results for series in result.performed.series for _, uid in series.images]
    kept = [one.sop_instance_uid for one in archive.instances()]
    left = sum(len(station.pending.list()) for station in dict.fromkeys(station for station, _ in day.results))
    found = [
        Check(
            "every step scheduled for today was performed",
            f"{len(performed)} of {len(due)}",
            0 < len(due) == len(performed),
        ),
        Check(
            "one step was discontinued, the others completed",
            f"{states.count('COMPLETED')} completed, {states.count('DISCONTINUED')} discontinued",
            states.count("DISCONTINUED") == 1 and states.count("COMPLETED") == len(states) - 1 > 0,
        ),
        Check(
            "the archive keeps just the images created",
            f"{len(kept)} kept, {len(created)} created",
            0 < len(created) == len(set(created)) and sorted(created) == sorted(kept),
        ),
        Check("nothing waits in the stations", counted(left, "image"), left == 0),
    ]
    return _said(found, say)


def of_a_step(station: Station, result: Result, ris: SimulatedRis, archive: SimulatedArchive, say: Say) -> list[Check]:
    """What must hold of one step: what the archive holds, what the RIS was told, and that they agree."""
    performed, scheduled = result.performed, result.step
    created = [uid for series in performed.series for _, uid in series.images]
    name = scheduled.step_id or performed.step_id
    address = parse_dicom(archive.address)
    listed = find_instances(address, performed.study_uid, station.local)
    sent = chain.from_iterable(
        islice(scan, len(series.images)) for scan, series in zip(performed.scans, performed.series, strict=True)
    )
    report = verify_instances(address, sent, station.local)
    record = ris.performed_steps.get(performed.uid)
    outcome = result.outcome
    found = [
        Check(
            f"{name}: queried back (C-FIND)",
            f"{sum(uid in listed for uid in created)} of {counted(len(created), 'image')}",
            bool(created) and set(created) <= set(listed),
        ),
        Check(
            f"{name}: fetched (C-GET), pixels and attributes as sent",
            f"{report.identical} of {report.checked} identical",
            report.checked == len(created) == report.identical > 0,
        ),
        Check(
            f"{name}: the performed step names just the images created",
            f"{record.state if record else 'no performed step'}, {len(record.instances) if record else 0} named",
            record is not None and record.state == performed.state and sorted(record.instances) == sorted(created),
        ),
        Check(
            f"{name}: committed",
            f"{len(outcome.committed) if outcome else 0} of {len(created)}",
            outcome is not None and outcome.committed == set(created),
        ),
        _context(name, result, archive),
        *(check for scan in performed.scans for check in _truth(name, scan, archive)),
    ]
    return _said(found, say)


def _said(found: list[Check], say: Say) -> list[Check]:
    for check in found:
        say("check" if check.held else "FAILED", f"{check.rule}: {check.found}")
    return found


def _context(name: str, result: Result, archive: SimulatedArchive) -> Check:
    """Patient, order and performed step in the images are the worklist's and the MPPS's (RAD-8)."""
    performed, scheduled = result.performed, result.step
    wanted = {
        "StudyInstanceUID": performed.study_uid,
        "PatientID": scheduled.patient.patient_id,
        "PatientName": scheduled.patient.name,
        "AccessionNumber": scheduled.accession_number,
        "PerformedProcedureStepID": performed.step_id,
    }
    wrong: set[str] = set()
    mine = {uid for series in performed.series for _, uid in series.images}
    for stored in archive.instances(performed.study_uid):
        if stored.sop_instance_uid not in mine:
            continue
        dataset = read(stored.path).dataset()
        wrong |= {keyword for keyword, value in wanted.items() if text(dataset, keyword) != value}
        references = dataset.get("ReferencedPerformedProcedureStepSequence") or []
        if [text(one, "ReferencedSOPInstanceUID") for one in references] != [performed.uid]:
            wrong.add("ReferencedPerformedProcedureStepSequence")
    rule = f"{name}: images carry the worklist's patient and order, and the performed step"
    return Check(rule, f"wrong: {', '.join(sorted(wrong))}" if wrong else "all of them", bool(mine) and not wrong)


def _truth(name: str, scan: Scan, archive: SimulatedArchive) -> Iterator[Check]:
    """The largest homogeneous ball of tissue that an image passes through, measured in it; few images may miss all."""
    kept = {one.sop_instance_uid: one.path for one in archive.instances(scan.context.study.uid)}
    if scan.kind.slides is not None:
        yield nuclei_are_dark(name, scan, kept)
        return
    for structure in sorted(scan.truth()["structures"], key=lambda one: -one["radius_mm"]):
        if structure["radius_mm"] <= 0 or structure["properties"]["PD"] < _TISSUE:
            continue
        measured, pixels = _measure(scan, structure, kept)
        if pixels >= _ENOUGH_PIXELS:
            wanted, unit, tolerance = _expected(scan, structure, pixels)
            yield Check(
                f"{name}: {structure['name']} measures {wanted:.0f} {unit}, as the phantom has it",
                f"{measured:.1f} over {pixels} pixels",
                abs(measured - wanted) <= tolerance,
            )
            return


def _expected(scan: Scan, structure: dict[str, Any], pixels: int) -> tuple[float, str, float]:
    """What a structure should measure, CT number or stored MR signal, and how far noise may take it."""
    acquisition = scan.acquisition
    # Neighbouring pixels share their noise through the point spread: a quarter of them counts.
    independent = max(1.0, pixels / 4)
    if isinstance(acquisition, MrAcquisition):
        signal = float(acquisition.gain * acquisition.signals[structure["label"]])
        noise = float(acquisition.gain * acquisition.protocol.noise(acquisition.geometry))
        # Rician: the mean of a magnitude exceeds the signal by about noise^2 / 2 signal (Gudbjartsson 1995).
        bias = _BIAS * signal + noise * noise / (2 * max(signal, noise))
        return signal, "units of signal", bias + _SIGMAS * noise / independent**0.5
    noise = float(acquisition.protocol.noise_hu)
    return float(structure["properties"]["HU"]), "HU", _BIAS_HU + _SIGMAS * noise / independent**0.5


def _measure(scan: Scan, structure: dict[str, Any], kept: dict[str, Any]) -> tuple[float, int]:
    """Mean within two thirds of a structure's ball in the stored slice nearest its centre, and of how many pixels."""
    geometry = scan.acquisition.geometry
    x, y, z = structure["center_mm"]
    index = min(range(geometry.slices), key=lambda one: abs(geometry.position_mm(one)[2] - z))
    path = kept.get(scan.context.identity.uid("instance", index))
    off = geometry.position_mm(index)[2] - z
    radius = structure["radius_mm"] * 2 / 3
    if path is None or abs(off) >= radius:
        return 0.0, 0
    dataset = read(path).dataset()
    left, top, _ = geometry.position_mm(index)
    columns = left + np.arange(geometry.columns) * geometry.column_spacing_mm - x
    rows = top + np.arange(geometry.rows) * geometry.row_spacing_mm - y
    inside = rows[:, None] ** 2 + columns[None, :] ** 2 + off**2 < radius**2
    values = dataset.pixel_array[inside] * float(dataset.get("RescaleSlope", 1)) + float(
        dataset.get("RescaleIntercept", 0)
    )
    return (float(values.mean()), int(inside.sum())) if inside.any() else (0.0, 0)
