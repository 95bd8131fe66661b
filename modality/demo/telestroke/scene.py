"""What is true that day: the patient, the order, the stroke's side, the vital signs and the score that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydicom.dataset import Dataset

from modality.identity import Identity, Patient, patient
from modality.simulated.ris.worklist_file import CodeEntry, StepEntry, item

REFERRER = "Lindqvist^Karin^^Dr."

# Our choice: what such a patient may have, in the first unit that each allows.
VITAL_SIGNS: Mapping[str, float] = {
    "systolic": 178,
    "diastolic": 96,
    "heart_rate": 92,
    "respiratory_rate": 18,
    "spo2_by_pulse_oximetry": 95,
    "temperature": 36.9,
    "glucose": 124,
}
_COMMON = {
    "level_of_consciousness": 0,
    "questions": 1,
    "commands": 0,
    "gaze": 1,
    "visual": 1,
    "facial_palsy": 2,
    "limb_ataxia": 0,
    "sensory": 1,
    "dysarthria": 1,
}
# Our choice: weakness on the other side of the body than the infarct, with the language on the left and the attention
# on the right side of the brain, as the middle cerebral artery's territories have them.
_SCORES: Mapping[str, Mapping[str, int]] = {
    "left": {
        **_COMMON, "left_arm": 0, "right_arm": 3, "left_leg": 0, "right_leg": 2, "language": 2,
        "extinction_and_inattention": 0,
    },
    "right": {
        **_COMMON, "questions": 0, "left_arm": 3, "right_arm": 0, "left_leg": 2, "right_leg": 0, "language": 0,
        "extinction_and_inattention": 1,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """What a seed gives.

    Args:
        seed: from which all of it is drawn.
        side: of the infarct.
        patient: whom it struck.
        accession_number: of the order.
    """

    seed: int
    side: Literal["left", "right"]
    patient: Patient
    accession_number: str

    @classmethod
    def of(cls, seed: int) -> Scene:
        """The scene of a seed."""
        identity = Identity(seed, ("telestroke",))
        side: Literal["left", "right"] = "left" if identity.number("side", 2) else "right"
        return cls(seed, side, patient(seed), f"TS{identity.number('accession', 10**8):08d}")

    @property
    def scores(self) -> Mapping[str, int]:
        """The items of the NIH Stroke Scale, by name."""
        return _SCORES[self.side]

    def order(self, station_aet: str, now: datetime) -> Dataset:
        """The worklist item of the order.

        Args:
            station_aet: who is to perform it.
            now: when.
        """
        who = self.patient
        entry = StepEntry(
            station_aet=station_aet,
            modality="CT",
            start=now,
            patient_name=who.name,
            patient_id=who.patient_id,
            issuer_of_patient_id=who.issuer,
            patient_birth_date=who.birth_date,
            patient_sex=who.sex,
            patient_size_m=who.size_m,
            patient_weight_kg=who.weight_kg,
            accession_number=self.accession_number,
            requested_procedure_description="CT Head, stroke work-up",
            requested_procedure_codes=(CodeEntry("CTHEAD", "99MODALITY", "CT of head"),),
            referring_physician=REFERRER,
            requesting_physician=REFERRER,
            description="CT head without contrast, stroke",
            character_set=who.character_set,
            extra={
                "RequestedProcedurePriority": "STAT",
                "ReasonForTheRequestedProcedure": "Suspected acute stroke",
            },
        )
        return item(entry, 1, self.seed, now.date())
