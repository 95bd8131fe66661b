"""What a person says of whose a capture is, checked before it is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modality.errors import UsageError

# PS3.5 6.2: LO, PN, SH, DA, CS.
_LONGEST = {"patient_id": 64, "name": 64, "step": 64, "birth_date": 8, "sex": 1}


def subject_of(given: Mapping[str, Any]) -> dict[str, str]:
    """Whom a person names: a scheduled step, or a patient by identifier.

    Args:
        given: "step"; or "patient_id", and perhaps "name", "birth_date", "sex"; what is empty counts as left out.

    Raises:
        UsageError: nobody is named, or what cannot be written into an object.
    """
    found = {key: str(given[key]).strip() for key in _LONGEST if given.get(key)}
    if bool(found.get("step")) == bool(found.get("patient_id")):
        raise UsageError("choose a patient of the worklist, or type a patient ID")
    for key, value in found.items():
        if len(value) > _LONGEST[key] or not value.isprintable() or "\\" in value or "=" in value:
            raise UsageError(f"{key.replace('_', ' ')}: at most {_LONGEST[key]} characters, and no line end, \\ or =")
    if found.get("step"):
        return {"step": found["step"]}
    if not re.fullmatch(r"([0-9]{8})?", found.get("birth_date", "")):
        raise UsageError("birth date: YYYYMMDD")
    if found.get("sex", "O") not in ("M", "F", "O"):
        raise UsageError("sex: M, F or O")
    return found
