"""An ultrasound examination: frames of a probe that stands or moves on a patient, in grey or with flow in colour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from modality.acquisition.frames import Frame
from modality.acquisition.ultrasound import colours, flow, graphics
from modality.acquisition.ultrasound.decibels import amplitudes, decibels
from modality.acquisition.ultrasound.flow import Doppler, Moving
from modality.acquisition.ultrasound.probe import LINEAR, Probe
from modality.acquisition.ultrasound.screen import Box, Screen
from modality.acquisition.ultrasound.speckle import Speckle
from modality.acquisition.ultrasound.stance import Points, Stance
from modality.acquisition.ultrasound.tissue import Column, Insonified
from phantoms.phantom import Phantom

B_MODE, COLOUR = "b", "colour-doppler"
MODES = (B_MODE, COLOUR)
GREY, RGB, PALETTE = "MONOCHROME2", "RGB", "PALETTE COLOR"

_LIVER_SHARE = 0.5  # of all grey levels, where liver's mean power is shown: our choice
_FINE = 64  # steps of a grey level before pixels are drawn
_WHOLE = 8192.0  # of a correlation
_THICKNESS_MM = 3.0  # of the slice: our choice
_RING_DB, _RING_MM = 14.0, 0.16  # the probe's own ringing: level at the face, and how far until it has lost 1 dB
_HEARD_DB = 26.0  # below liver at the face, behind which no flow is told
_SHOWN = 0.4  # of the power of blood, from which on a colour is shown
_UNSURE = 0.06  # noise of the correlation


@dataclass(frozen=True, slots=True)
class UsProtocol:
    """What is set.

    Args:
        mode: b or colour-doppler.
        photometric: Photometric Interpretation of the pixels: MONOCHROME2, RGB or PALETTE COLOR.
        frame_time_ms: from one frame to the next.
        sweep_mm: how far the probe moves at right angles to its plane, over all frames.
        heart_rate: beats a minute; 0 for arteries that stand still.
        dynamic_range_db: from black to white.
        gain_db: of all echoes.
        tgc_db_cm_mhz: attenuation that time gain compensation makes up for.
        noise_db: of the receiver, relative to liver at the face, where there is no compensation yet.
        prf_hz: pulse repetition frequency of the Doppler.
        wall_filter_m_s: slower flow is not shown.
        annotation: patient, date and settings are burned in.
        steer_deg: by how much the beams of the Doppler lean towards increasing columns; the grey picture's never.
        bits_stored: bits of a sample.
    """

    mode: str
    photometric: str
    frame_time_ms: float
    sweep_mm: float
    heart_rate: float
    dynamic_range_db: float
    gain_db: float
    tgc_db_cm_mhz: float
    noise_db: float
    prf_hz: float
    wall_filter_m_s: float
    annotation: bool
    steer_deg: float = 0.0
    bits_stored: int = 8

    @property
    def with_flow(self) -> bool:
        """Whether there is a Doppler."""
        return self.mode == COLOUR


@dataclass(frozen=True)
class Sonogram:
    """An examination.

    Args:
        phantom: the patient.
        protocol: what was set.
        probe: with its beams.
        stance: where it stands in the middle of the sweep.
        screen: the pixels, with as many samples along a beam as echoes are computed at.
        finer: samples for each place at which the tissue is looked up.
        seed: of scatterers and noise.
        frames: how many.
    """

    phantom: Phantom
    protocol: UsProtocol
    probe: Probe
    stance: Stance
    screen: Screen
    finer: int
    seed: int
    frames: int

    @property
    def body_part(self) -> str:
        """Body Part Examined."""
        return self.phantom.body_part

    @property
    def digested(self) -> tuple[object, ...]:
        """All that determines the frames besides the seed."""
        screen = self.screen
        size = (screen.depth_mm, screen.samples, screen.rows, screen.columns)
        return (self.protocol, self.probe, self.stance, size, self.finer, self.phantom, self.frames)

    @property
    def frame_time_ms(self) -> float:
        """From one frame to the next."""
        return self.protocol.frame_time_ms

    @property
    def nyquist_m_s(self) -> float:
        """The speed that the Doppler can just tell."""
        return flow.nyquist_m_s(self.probe.frequency_mhz, self.protocol.prf_hz)

    def __len__(self) -> int:
        return self.frames

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self)))

    def time_s(self, index: int) -> float:
        """When a frame is taken, from the first one on."""
        return round(index * self.protocol.frame_time_ms / 1000.0, 6)

    def aside_mm(self, index: int) -> float:
        """How far the probe stands from the middle of its sweep."""
        if self.frames == 1:
            return 0.0
        return round((index / (self.frames - 1) - 0.5) * self.protocol.sweep_mm, 4)

    def beat(self, index: int) -> float:
        """Speed in an artery relative to its peak; 1 where nothing beats."""
        rate = self.protocol.heart_rate
        return flow.pulse(self.time_s(index) * rate / 60.0) if rate else 1.0

    @cached_property
    def insonified(self) -> Insonified:
        """The patient along the beams."""
        places = self.screen.samples // self.finer
        return Insonified(self.phantom, self.probe, places, self.screen.depth_mm / places)

    @cached_property
    def steered(self) -> Insonified:
        """The patient along the beams of the Doppler."""
        return replace(self.insonified, probe=replace(self.probe, steer_deg=self.protocol.steer_deg))

    @cached_property
    def coarse(self) -> Screen:
        """The same pixels, drawn from the places at which tissue is looked up."""
        return replace(self.screen, samples=self.insonified.places)

    @cached_property
    def coloured(self) -> Screen:
        """The same pixels, drawn from the places along the beams of the Doppler."""
        return replace(self.coarse, probe=self.steered.probe)

    @cached_property
    def vessels(self) -> tuple[flow.Vessel, ...]:
        """In which blood flows."""
        return flow.vessels_of(self.phantom)

    @cached_property
    def _speckle(self) -> Speckle:
        return Speckle(self.probe, self.screen.samples, self.screen.step_mm, _THICKNESS_MM, self.seed)

    @cached_property
    def _gained_db(self) -> npt.NDArray[np.float32]:
        """What time gain compensation adds to each sample, shape (samples, 1)."""
        per_mm = 2.0 * self.protocol.tgc_db_cm_mhz * self.probe.frequency_mhz / 10.0
        depths = [(k + 0.5) * self.screen.step_mm for k in range(self.screen.samples)]
        return np.asarray([round(per_mm * depth, 4) for depth in depths], np.float32)[:, np.newaxis]

    @cached_property
    def _ringing(self) -> npt.NDArray[np.float32]:
        depths = [(k + 0.5) * self.screen.step_mm for k in range(self.screen.samples)]
        return amplitudes(np.asarray([_RING_DB - depth / _RING_MM for depth in depths], np.float32))[:, np.newaxis]

    @cached_property
    def _seen(self) -> dict[tuple[float, float, float], tuple[Column, Points]]:
        return {}

    def seen(self, index: int) -> Column:
        """What the beams of a frame meet."""
        return self._met(index, self.insonified)[0]

    def flowing(self, index: int) -> tuple[Column, Moving]:
        """What the beams of the Doppler meet in a frame, and how blood moves there."""
        column, rest = self._met(index, self.steered)
        across, down = self.steered.probe.directions
        x, y, z = (a * across + d * down for a, d in zip(self.stance.across, self.stance.down, strict=True))
        return column, flow.moving(self.vessels, column.labels, rest, (x, y, z))

    def _met(self, index: int, beams: Insonified) -> tuple[Column, Points]:
        """What beams meet, and where that was at rest."""
        beat = self.beat(index) if self.protocol.heart_rate else 0.0
        aside, steer = self.aside_mm(index), beams.probe.steer_deg
        key = (aside, beat, steer)
        if key not in self._seen:
            stance = self.stance.moved(aside)
            rest = flow.at_rest(self.vessels, beams.points(stance), beat)
            # The next frame is another, or the same again.
            for old in [old for old in self._seen if old[:2] != key[:2]]:
                del self._seen[old]
            self._seen[key] = (beams.column(stance, rest), rest)
        return self._seen[key]

    def levels(self, index: int) -> npt.NDArray[np.float32]:
        """Power of the echoes along the beams in dB relative to liver's mean at the face, shape (samples, beams)."""
        column = self.seen(index)
        scatterers = self._speckle.scatterers(self.aside_mm(index))
        echoes = self._speckle.blurred(self.insonified.echoes(column, scatterers, self.finer, self._gained_db))
        loud = amplitudes(np.float32(self.protocol.noise_db) + self._gained_db)
        real, imaginary = (echo + part * loud for echo, part in zip(echoes, self._speckle.noise(index), strict=True))
        real += self._ringing
        return decibels(real * real + imaginary * imaginary)

    def frame(self, index: int) -> Frame:
        """Frame `index`: shape (rows, columns), or (rows, columns, 3) of colours.

        Raises:
            IndexError: there is no such frame.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        protocol = self.protocol
        shown = _LIVER_SHARE + (self.levels(index) + np.float32(protocol.gain_db)) / np.float32(
            protocol.dynamic_range_db
        )
        fine = np.clip(np.rint(shown * np.float32(255 * _FINE)), 0, 255 * _FINE).astype(np.int32)
        grey = self.screen.filled((self.screen.drawn(fine) + _FINE // 2) // _FINE)
        graphics.scale(grey, self.screen)
        entries = None
        if protocol.mode == COLOUR:
            entries = self._flow(index)
            grey[self._outline] = graphics.FAINT
            graphics.colour_bar(entries, self.screen)
        else:
            graphics.grey_bar(grey, self.screen)
        return Frame(index, self._composed(grey, entries))

    def _composed(self, grey: Any, entries: Any) -> Any:
        """Grey levels and entries of the table of colours (0: none) as the pixels that were asked for."""
        if entries is None:
            if self.protocol.photometric == RGB:
                return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
            return grey
        if self.protocol.photometric == PALETTE:
            return np.where(entries > 0, entries, grey >> 1)
        picture = np.repeat(grey[:, :, np.newaxis], 3, axis=2)
        flowing = entries > 0
        picture[flowing] = colours.flow_table()[entries[flowing]]
        return picture

    @property
    def table(self) -> npt.NDArray[np.uint8]:
        """Colours of the entries of a picture in PALETTE COLOR, shape (256, 3)."""
        return colours.flow_table() if self.protocol.mode == COLOUR else colours.tinted_table()

    def white(self) -> int:
        """The brightest grey as it stands in a sample."""
        both = self.protocol.mode == COLOUR and self.protocol.photometric == PALETTE
        return colours.GREYS - 1 if both else 255

    def _flow(self, index: int) -> npt.NDArray[np.uint8]:
        """Entries of the table of colours where flow is shown, 0 elsewhere; shape (rows, columns)."""
        real, imaginary = self.correlation(index)
        screen = self.coloured
        parts = [screen.drawn(np.rint(part * np.float32(_WHOLE)).astype(np.int32)) for part in (real, imaginary)]
        across, up = (part.astype(np.float32) / np.float32(_WHOLE) for part in parts)
        speed = self._doppler.speed(across, up)
        strong = across * across + up * up >= np.float32(_SHOWN * _SHOWN)
        fast = np.abs(speed) * np.float32(self.nyquist_m_s) >= np.float32(self.protocol.wall_filter_m_s)
        shown = np.where(strong & fast & screen.box[screen.seen], colours.entries(speed), 0)
        return screen.filled(shown)

    def correlation(self, index: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """What the Doppler averages along the beams, shape (places, beams)."""
        column, moving = self.flowing(index)
        speed = moving.steady_m_s + moving.beating_m_s * np.float32(self.beat(index))
        heard = self._gained_db[:: self.finer] - column.lost_db > -_HEARD_DB
        power = (moving.inside & heard).astype(np.float32)
        real, imaginary = self._doppler.correlation(speed, power)
        places = self.insonified.places
        first, second = (part[:places] * np.float32(_UNSURE) for part in self._speckle.noise(self.frames + index))
        return real + first, imaginary + second

    @cached_property
    def _doppler(self) -> Doppler:
        return Doppler(self.nyquist_m_s, self.insonified.step_mm)

    @cached_property
    def _outline(self) -> npt.NDArray[np.bool_]:
        """The pixels of the colour box at its edge."""
        box = self.coloured.box
        inner = box.copy()
        inner[1:] &= box[:-1]
        inner[:-1] &= box[1:]
        inner[:, 1:] &= box[:, :-1]
        inner[:, :-1] &= box[:, 1:]
        edge: npt.NDArray[np.bool_] = box & ~inner
        return edge

    @property
    def colour_region(self) -> Box:
        """The least rectangle around the colour box."""
        down, across = (np.flatnonzero(self.coloured.box.any(axis=axis)) for axis in (1, 0))
        top, left = int(down[0]), int(across[0])
        return Box(top, left, int(down[-1]) - top + 1, int(across[-1]) - left + 1)

    def truth(self) -> Mapping[str, Any]:
        """Where each structure is seen, how blood flows, and how pixels, probe and patient belong together."""
        from modality.acquisition.ultrasound.known import known

        return known(self)

    @property
    def lateral_resolution_mm(self) -> float:
        """Width of an echo between halves of its amplitude, at the focus."""
        return round(self.probe.lateral_mm(self.probe.focus_mm), 4)

    @property
    def transducer(self) -> str:
        """What the probe is, in words of a display."""
        kind = "L" if self.probe.shape == LINEAR else ("C" if self.probe.radius_mm else "P")
        return f"{kind}{math.floor(self.probe.frequency_mhz + 0.5)}"
