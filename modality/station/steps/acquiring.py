"""How a performed step is filled: by one series, by a report and what it is about, or by all series of a protocol."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from modality import config
from modality.acquisition.frames import Acquisition
from modality.iods.kind import Kind
from modality.iods.personas.persona import Persona
from modality.iods.reports.source import can_be_about
from modality.registry import KINDS
from modality.station.examination import DERIVED, Examination
from modality.station.steps.evidence import Asked, brought, reported, subject
from modality.station.steps.filling import FilledStep, kind_of
from modality.station.steps.scanning import encoding_of, options_of, scanned
from modality.station.study import Scan, acquire
from modality.transfer.destination import Progress, Receipt
from modality.transfer.syntaxes import TransferSyntax
from phantoms.phantom import Phantom


class AcquiredStep(FilledStep):
    """A performed step that can be told what to acquire; as `FilledStep`."""

    def acquire(
        self,
        phantom: Phantom | str | None = None,
        *,
        kind: str | None = None,
        transfer_syntax: TransferSyntax | None = None,
        quality: float | None = None,
        assignments: Mapping[str, str] | None = None,
        persona: Persona | str | None = None,
        progress: Progress | None = None,
        half: bool = False,
        phantom_options: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Receipt:
        """Scan a phantom as one more series of this step, and store the images as they are made.

        Where the archive is away the scan goes on and its images wait in the station's state folder. A step that fills
        several studies has the series once in each.

        A report is about a scan of its own study: the last that this station made of it, of any kind that it can be
        about, or where there is none (another phantom or other options are asked for), one that is made and stored
        before it, as further series of the step. Broken off half-way it is that scan which is.

        Args:
            phantom: what is scanned; the kind's own by default.
            kind: an entry of the table of kinds; the one of the step's modality by default.
            transfer_syntax: what the images are encoded in; the kind's own by default.
            quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.
            assignments: attributes set over those of the IOD, by keyword.
            persona: whose habits the images have; the order names the patient.
            progress: called with the number of images dealt with.
            half: the scan is broken off half-way.
            phantom_options: of the phantom's function, where it is given by name or is the default.
            **options: the acquisition's own, such as `slices`.

        Raises:
            WorkflowError: the step is not in progress.
            UsageError: a name or an option is wrong, or the station has no archive.
        """
        self._check_in_progress()
        found: Kind = KINDS.load(kind or kind_of(self.step.modality))
        seed, encoding = self._seed(), encoding_of(transfer_syntax, quality, assignments, persona)
        asked = Asked(phantom, phantom_options or {}, options, encoding.finish.persona)

        def before(kinds: Collection[str]) -> Mapping[str, Scan]:
            return self._before(kinds, asked)

        of_kind = subject(found, options, before)
        if of_kind:
            options["about"] = of_kind
        missing, about = reported(found, before, of_kind)
        seen: Phantom | None = next((scan.acquisition.phantom for scan in about.values()), None)
        made = seen or scanned(phantom, found.usual_phantom(options), seed, phantom_options)
        acquisition = acquire(found, made, seed=seed, **options)
        if not can_be_about(acquisition):  # another project's report knows its scan by other means, or is none
            missing, about = [], {}
        receipt = Receipt()
        series = [*zip(missing, brought(acquisition, missing), strict=True), (found, acquisition)]
        for its_kind, planned in series[: 1 if half else None]:
            title = f"{its_kind.title} {made.name}" if made else its_kind.title
            receipt.add(self._fill(its_kind, planned, encoding, title, "", progress, half=half, about=about))
            about = self._note(asked, half=half)
        return receipt

    def _before(self, kinds: Collection[str], asked: Asked) -> Mapping[str, Scan]:
        """By study the series that a report may be about; nothing where one of the studies has none."""
        found = {study.uid: self.station.evidence.of(study.uid, kinds, asked) for study in self.studies}
        return {uid: scan for uid, scan in found.items() if scan} if all(found.values()) else {}

    def _note(self, asked: Asked, *, half: bool) -> Mapping[str, Scan]:
        """Keep in mind the series that was made last, which it gives by study."""
        made = {scan.context.study.uid: scan for scan in self.scans[-len(self.studies) :]}
        for scan in () if half else made.values():
            self.station.evidence.note(scan, asked)
        return made

    def examine(
        self,
        protocol: str,
        /,
        phantom: Phantom | str | None = None,
        *,
        transfer_syntax: TransferSyntax | None = None,
        quality: float | None = None,
        assignments: Mapping[str, str] | None = None,
        persona: Persona | str | None = None,
        progress: Progress | None = None,
        half: bool = False,
        phantom_options: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Receipt:
        """Scan all series of a protocol, as `acquire` does one; broken off half-way, half of its first.

        Args:
            protocol: a name from `modality.station.examination.examinations`.
            phantom: what is scanned; the protocol's own by default.
            transfer_syntax: what the images are encoded in; the kind's own by default.
            quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.
            assignments: attributes set over those of the IOD, by keyword.
            persona: whose habits the images have; the order names the patient.
            progress: called with the number of images dealt with.
            half: the scan is broken off half-way.
            phantom_options: of the phantom's function, where it is given by name or is the default.
            **options: of the acquisition, for every series; they prevail over the protocol's.

        Raises:
            WorkflowError: the step is not in progress.
            UsageError: a name or an option is wrong, or the station has no archive.
        """
        self._check_in_progress()
        plan = config.load(config.shipped(f"protocols/{protocol}.toml"), Examination)
        kind: Kind = KINDS.load(plan.kind)
        subject = scanned(phantom, plan.phantom, self._seed(), phantom_options)
        encoding = encoding_of(transfer_syntax, quality, assignments, persona)
        made: dict[str, Acquisition] = {}
        receipt = Receipt()
        wanted = Asked(phantom, phantom_options or {}, options, encoding.finish.persona)
        for series in plan.series[: 1 if half else None]:
            its_kind = kind
            if series.derived:
                derive, its_kind_of = DERIVED[series.derived]
                made[series.description] = derive(made[series.source])
                its_kind = its_kind_of(self.scans[-1].context, kind)
            else:
                asked = options_of(series, options)
                made[series.description] = acquire(kind, subject, seed=self._seed(), **asked)
            receipt.add(
                self._fill(
                    its_kind, made[series.description], encoding, series.description, protocol, progress, half=half
                )
            )
            self._note(wanted, half=half)
        return receipt
