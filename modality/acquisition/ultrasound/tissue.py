"""What lies along the beams, and what of it comes back: backscatter, mirrors, attenuation, shadow and enhancement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modality.acquisition.ultrasound.decibels import amplitudes, decibels
from modality.acquisition.ultrasound.media import Met, met_in
from modality.acquisition.ultrasound.probe import Probe
from modality.acquisition.ultrasound.speckle import Field
from modality.acquisition.ultrasound.stance import Points, Stance
from phantoms.noise import ValueNoise
from phantoms.phantom import Phantom
from phantoms.variation import Variation

Values = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]

_MIRROR_DB = 36.0
"""How much stronger than liver's speckle a surface is that throws all back: our choice; liver's own backscatter is far
below any surface's."""
_ECHOED_DB, _FADING_DB = -17.0, -0.35  # of what is seen again behind gas, and of each mm behind it: our choice
_GONE_DB = 60.0  # lost at a surface, at most
_TEXTURE_MM, _LAYER_MM, _SHEET_MM = 5.0, 1.3, 14.0  # bumps; layers, and how far they go


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """What the beams meet, each array of shape (places, beams).

    Args:
        labels: the phantom's; one more than the phantom has for the gel before the skin.
        echo_db: backscatter relative to liver.
        mirror: reflection coefficient of the surface before each place, with its sign.
        lost_db: by attenuation and at surfaces, on both ways together.
        gas: the place of the first gas on each beam, or the number of places; shape (beams,).
    """

    labels: Labels
    echo_db: Values
    mirror: Values
    lost_db: Values
    gas: npt.NDArray[np.intp]


@dataclass(frozen=True)
class Insonified:
    """A patient under a probe.

    Args:
        phantom: the patient.
        probe: the beams.
        places: along each beam at which it is asked what lies there.
        step_mm: their distance.
    """

    phantom: Phantom
    probe: Probe
    places: int
    step_mm: float

    @cached_property
    def met(self) -> tuple[Met, ...]:
        """What each label is; the gel last."""
        return met_in(self.phantom)

    @cached_property
    def gel(self) -> int:
        """The label of what lies between the probe and the skin."""
        return len(self.met) - 1

    @cached_property
    def plane(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The places in the plane, across and down."""
        (su, sv), (du, dv) = self.probe.starts, self.probe.directions
        depth = (np.arange(self.places, dtype=np.float64)[:, np.newaxis] + 0.5) * self.step_mm
        return su + depth * du, sv + depth * dv

    def points(self, stance: Stance) -> Points:
        """The places in the patient."""
        shape = (self.places, self.probe.beams)
        x, y, z = (np.ascontiguousarray(np.broadcast_to(part, shape)) for part in stance.points(*self.plane))
        return x, y, z

    def column(self, stance: Stance, points: Points) -> Column:
        """What the beams meet.

        Args:
            stance: of the probe, along whose skin layers run.
            points: the places, moved to where their tissue was at rest.
        """
        labels = self.phantom.labels(*points)
        before = np.logical_and.accumulate(labels == 0, axis=0)
        labels[before] = self.gel
        media = [met.medium for met in self.met]
        echo = np.asarray([medium.echo_db for medium in media], np.float32)[labels]
        echo += self._texture(stance, points, labels)
        per_place = 2.0 * self.probe.frequency_mhz * self.step_mm / 10.0
        lost = np.asarray([round(per_place * medium.attenuation_db_cm_mhz, 6) for medium in media], np.float32)[labels]
        impedance = np.asarray([met.impedance for met in self.met], np.float32)[labels]
        mirror = np.zeros_like(impedance)
        mirror[1:] = (impedance[1:] - impedance[:-1]) / (impedance[1:] + impedance[:-1])
        # Twice through the surface: (1 - R^2)^2 of the power.
        surface = mirror != 0
        passed = np.maximum(np.float32(1.0) - mirror[surface] * mirror[surface], np.float32(1e-3))
        lost[surface] += np.minimum(np.float32(-2.0) * decibels(passed), np.float32(_GONE_DB))
        gas = np.asarray([medium.gas for medium in media])[labels]
        first = np.where(gas.any(axis=0), gas.argmax(axis=0), self.places)
        # The place itself is heard through all of the surface before it, and half of its own attenuation: none of it.
        total = np.zeros_like(lost)
        np.cumsum(lost[:-1], axis=0, out=total[1:])
        return Column(labels, echo, mirror, total, first)

    def _texture(self, stance: Stance, points: Points, labels: Labels) -> Values:
        """How backscatter goes up and down within each tissue, in dB."""
        media = [met.medium for met in self.met]
        depth_db = np.asarray([medium.texture_db for medium in media], np.float32)
        layered = np.asarray([medium.layered for medium in media])
        variation = Variation(self.phantom.seed)
        bumps = ValueNoise(variation.stream("echo texture"), _TEXTURE_MM, octaves=2)
        found = np.zeros(labels.shape, np.float32)
        some = (depth_db > 0)[labels] & ~layered[labels]
        if some.any():
            found[some] = bumps.at(*(part[some].astype(np.float32) for part in points))
        sheets = layered[labels]
        if sheets.any():
            axes = (stance.across, stance.down, stance.aside)
            along, deep, aside = (
                sum(part[sheets] * weight for part, weight in zip(points, axis, strict=True)) for axis in axes
            )
            layers = ValueNoise(variation.stream("echo layers"), 1.0, octaves=2)
            scaled = (along / _SHEET_MM, deep / _LAYER_MM, aside / _SHEET_MM)
            found[sheets] = layers.at(*(np.asarray(part, np.float32) for part in scaled))
        found *= np.float32(2.0) * depth_db[labels]
        return found

    def echoes(self, column: Column, scatterers: Field, finer: int, gained_db: Values) -> Field:
        """What comes back before pulse and beam blur it, shape (samples, beams).

        Args:
            column: what the beams meet.
            scatterers: of shape (samples, beams).
            finer: samples for each place.
            gained_db: amplification of each sample, shape (samples, 1).
        """
        heard = np.repeat(column.echo_db - column.lost_db, finer, axis=0)
        heard += gained_db
        strength = amplitudes(heard)
        real, imaginary = scatterers[0] * strength, scatterers[1] * strength
        loud = amplitudes(np.float32(_MIRROR_DB) - column.lost_db + gained_db[::finer])
        real[::finer] += column.mirror * loud
        self._again(real, imaginary, column.gas * finer)
        return real, imaginary

    def _again(self, real: Values, imaginary: Values, gas: npt.NDArray[np.intp]) -> None:
        """Behind gas what lies before it is seen again, fainter: sound goes to and fro (a dirty shadow)."""
        samples = len(real)
        row = np.arange(samples)[:, np.newaxis]
        source = 2 * gas[np.newaxis, :] - row
        behind = (row > gas[np.newaxis, :]) & (source >= 0)
        step_mm = self.step_mm * self.places / samples
        faint = amplitudes(np.float32(_ECHOED_DB) + np.float32(_FADING_DB * step_mm) * (row - gas).astype(np.float32))
        faint *= behind
        source = np.clip(source, 0, samples - 1)
        real += np.take_along_axis(real, source, axis=0) * faint
        imaginary += np.take_along_axis(imaginary, source, axis=0) * faint
