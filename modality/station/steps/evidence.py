"""What a station made of late, by study: what its reports are about, where they are ordered apart from their scan."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from modality.acquisition.ct.localizer import CtLocalizer
from modality.acquisition.ct.reformatted import ReformattedCt
from modality.acquisition.mr.adc import AdcMap
from modality.iods.kind import Kind
from modality.iods.personas.persona import Persona
from modality.registry import KINDS
from modality.station.study import Scan
from phantoms.phantom import Phantom

_NOT_REPORTED = (CtLocalizer, ReformattedCt, AdcMap)  # reports are about slices as they were scanned
_MOST_STUDIES, _MOST_SERIES = 64, 16  # our choice: of each study; a scan that is planned is small


@dataclass(frozen=True, slots=True)
class Asked:
    """What a series was asked for with.

    Args:
        phantom: what is scanned; None leaves it to the kind.
        phantom_options: of the phantom's function.
        options: of the acquisition.
        persona: whose habits the images have.
    """

    phantom: Phantom | str | None = None
    phantom_options: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    persona: Persona | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A series that was made whole.

    Args:
        scan: the series.
        asked: what it was asked for with.
    """

    scan: Scan
    asked: Asked

    def serves(self, report: Asked) -> bool:
        """Whether a report may be about it: it asks for no other phantom, nor for other options of the scan.

        Its instances have to bear the UIDs that the report knows, which a persona may have lengthened.
        """
        seen, asked = getattr(self.scan.acquisition, "phantom", None), self.asked
        if isinstance(report.phantom, str):
            same = report.phantom in (asked.phantom, getattr(seen, "name", None))
        else:
            same = report.phantom is None or report.phantom is seen
        of_the_scan = signature(self.scan.kind.acquire).parameters
        return (
            same
            and (not report.phantom_options or report.phantom_options == asked.phantom_options)
            and all(asked.options.get(name) == value for name, value in report.options.items() if name in of_the_scan)
            and _long_uids(report.persona) == _long_uids(asked.persona)
        )


def _long_uids(persona: Persona | None) -> frozenset[str]:
    return frozenset(persona.long_uids if persona else ())


class Evidence:
    """The series that a station made of late, by study.

    A station that is started anew knows none, nor does it know what others made: a report then brings its own scan.
    """

    def __init__(self) -> None:
        self._made: OrderedDict[str, list[Made]] = OrderedDict()

    def note(self, scan: Scan, asked: Asked) -> None:
        """Keep a series in mind, once all of it is made; one that no report is about is left out."""
        if scan.kind.slides is not None or isinstance(scan.acquisition, _NOT_REPORTED):
            return
        made = self._made.setdefault(scan.context.study.uid, [])
        made.insert(0, Made(scan, asked))
        del made[_MOST_SERIES:]
        self._made.move_to_end(scan.context.study.uid)
        if len(self._made) > _MOST_STUDIES:
            self._made.popitem(last=False)

    def of(self, study_uid: str, kinds: Collection[str], asked: Asked) -> Scan | None:
        """The last series of a study that a report may be about.

        Args:
            study_uid: Study Instance UID.
            kinds: of the series: any of these.
            asked: what the report was asked for with.
        """
        made = self._made.get(study_uid, ())
        return next((one.scan for one in made if one.scan.kind.name in kinds and one.serves(asked)), None)


def subject(
    kind: Kind, options: Mapping[str, Any], made_before: Callable[[Collection[str]], Mapping[str, Scan]]
) -> str:
    """The kind of scan that a report will be about; empty of what is no report, or is about one kind alone.

    It is what was asked for, or of the scans that it can be about the one that was made last, or the usual one.

    Args:
        kind: of the report.
        options: that were asked for.
        made_before: gives by study the last series of one of several kinds; nothing where a study lacks it.
    """
    if kind.reports is None or not kind.also_reports:
        return ""
    if options.get("about"):
        return str(options["about"])
    last = {scan.kind.name for scan in made_before((kind.reports, *kind.also_reports)).values()}
    return last.pop() if len(last) == 1 else kind.reports


def reported(
    kind: Kind, made_before: Callable[[Collection[str]], Mapping[str, Scan]], about: str = ""
) -> tuple[list[Kind], Mapping[str, Scan]]:
    """What has to be made before a report, in its order, and what the first of all that is about.

    A report is about images of its own study (PS3.3 C.17.2.3, Current Requested Procedure Evidence Sequence), so what
    it is about comes first, unless it was made before.

    Args:
        kind: of the report; another than a report needs nothing.
        made_before: gives by study the last series of one of several kinds; nothing where a study lacks it.
        about: the kind of scan that it is about, where it can be about several.
    """
    missing: list[Kind] = []
    while kind.reports is not None:
        kind, about = KINDS.load(about or kind.reports), ""
        if known := made_before((kind.name,)):
            return missing, known
        missing.insert(0, kind)
    return missing, {}


def brought(acquisition: Any, missing: list[Kind]) -> list[Any]:
    """The acquisitions of what is missing, each of which the report that is about it has planned itself.

    Args:
        acquisition: of the report.
        missing: kinds that it needs first, in their order.
    """
    found: list[Any] = []
    for _ in missing:
        acquisition = acquisition.scan
        found.insert(0, acquisition)
    return found
