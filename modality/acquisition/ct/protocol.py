"""What the operator of a CT scanner sets, and the dose and the noise that follow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from modality.acquisition.ct.kernel import KERNEL_MTF50_PER_MM, point_spread_mm
from phantoms.attenuation import WATER, effective_energy_kev, mass_attenuation

_REFERENCE_NOISE_HU = 5.0
_REFERENCE_MAS = 200.0
_REFERENCE_THICKNESS_MM = 5.0
_REFERENCE_KVP = 120.0
_REFERENCE_DIAMETER_MM = 200.0
_DOSE_EXPONENT = 2.6
LEAST_MA, MOST_MA = 20.0, 800.0
"""How far the dose modulation goes: our choice, as common tubes have it. What the operator sets may lie beyond."""


@dataclass(frozen=True, slots=True)
class CtProtocol:
    """What the operator sets, and how values are stored.

    Args:
        kvp: tube voltage in kV, 70 to 150.
        tube_current_ma: tube current; with dose modulation, that for a patient of the reference diameter.
        exposure_time_ms: time of one rotation.
        slice_thickness_mm: nominal thickness.
        slice_spacing_mm: distance of the slices when the whole phantom is scanned.
        kernel: a name from `KERNEL_MTF50_PER_MM`.
        reconstruction_diameter_mm: field of view; None takes the phantom's.
        head_holder: whether the dose refers to the 16 cm head phantom, not the 32 cm body phantom.
        pitch: table feed of one rotation over the beam's width in a helical scan; None when the table stands.
        dose_modulation: whether the tube current follows the patient's diameter, so that the noise stays.
        reference_diameter_mm: water-equivalent diameter of the patient whom the tube current is meant for.
        gantry_tilt_deg: turn of the gantry about the patient's x axis.
        collimation_mm: width of the beam at the axis.
        detector_row_mm: width of one row of the detector at the axis.
        rescale_intercept: HU of the stored value 0.
        rescale_slope: HU of one step.
        bits_stored: bits of a stored value.
        engine: "fast" draws the slices and their noise, "projection" reconstructs them from what a detector measures.
        beam_hardening_correction: whether the projections are calibrated with water; engine "projection" only.
        motion_mm: how far the patient moves to the back while a slice is scanned; engine "projection" only.
        localizer: frontal or lateral for a radiograph, for which there is no engine; else None.
    """

    kvp: float = 120.0
    tube_current_ma: float = 240.0
    exposure_time_ms: float = 500.0
    slice_thickness_mm: float = 2.5
    slice_spacing_mm: float = 2.5
    kernel: str = "STANDARD"
    reconstruction_diameter_mm: float | None = None
    head_holder: bool = False
    pitch: float | None = None
    dose_modulation: bool = False
    reference_diameter_mm: float = 200.0
    gantry_tilt_deg: float = 0.0
    collimation_mm: float = 40.0
    detector_row_mm: float = 0.625
    rescale_intercept: float = -1024.0
    rescale_slope: float = 1.0
    bits_stored: int = 12
    engine: str = "fast"
    beam_hardening_correction: bool = True
    motion_mm: float = 0.0
    localizer: str | None = None

    @property
    def exposure_mas(self) -> float:
        """Tube current times time of a rotation, in mAs."""
        return self.exposure_mas_at(self.tube_current_ma)

    def exposure_mas_at(self, tube_current_ma: float) -> float:
        """Another tube current times the time of a rotation, in mAs."""
        return tube_current_ma * self.exposure_time_ms / 1000.0

    @property
    def table_feed_mm(self) -> float | None:
        """How far the table moves in one rotation of a helical scan."""
        return None if self.pitch is None else round(self.pitch * self.collimation_mm, 6)

    @property
    def ctdi_vol_mgy(self) -> float:
        """CTDIvol at the protocol's own tube current."""
        return self.ctdi_vol_mgy_at(self.tube_current_ma)

    def ctdi_vol_mgy_at(self, tube_current_ma: float) -> float:
        """CTDIvol at a tube current: CTDIw over the pitch (AAPM Report 96, 2008).

        Mean of 43 scanners at 120 kV, 0.167 mGy/mAs in the head phantom and 0.078 in the body phantom, growing as
        kV^2.6: I. A. Elojeimy, S. Tipnis, W. Huda, Radiat. Prot. Dosim. 141:43 (2010).
        """
        per_mas = 0.167 if self.head_holder else 0.078
        weighted = per_mas * self.exposure_mas_at(tube_current_ma) * math.pow(self.kvp / _REFERENCE_KVP, _DOSE_EXPONENT)
        return round(weighted / (self.pitch or 1.0), 4)

    @property
    def water_attenuation_per_mm(self) -> float:
        """Linear attenuation coefficient of water in this beam."""
        return round(mass_attenuation(WATER, effective_energy_kev(self.kvp)) / 10.0, 9)

    @property
    def noise_hu(self) -> float:
        """Standard deviation in the middle of a patient of the reference diameter at the protocol's tube current.

        Falls as the root of dose and slice thickness, and grows with resolution to the power 3/2 and as the root of
        the attenuation: R. A. Brooks, G. Di Chiro, Med. Phys. 3:237 (1976). This scanner has 5 HU in 200 mm of water
        for 200 mAs, 120 kV, 5 mm, the standard kernel and a pitch of 1.
        """
        dose = self.exposure_mas / (self.pitch or 1.0) / _REFERENCE_MAS
        dose *= math.pow(self.kvp / _REFERENCE_KVP, _DOSE_EXPONENT)
        thickness = self.slice_thickness_mm / _REFERENCE_THICKNESS_MM
        sharpness = KERNEL_MTF50_PER_MM[self.kernel] / KERNEL_MTF50_PER_MM["STANDARD"]
        farther = self.reference_diameter_mm - _REFERENCE_DIAMETER_MM
        through = math.exp(self.water_attenuation_per_mm * farther)
        return round(_REFERENCE_NOISE_HU * math.sqrt(sharpness**3 * through / (dose * thickness)), 6)

    @property
    def point_spread_mm(self) -> float:
        """Standard deviation of the Gaussian whose transform is one half at the kernel's frequency."""
        return point_spread_mm(self.kernel)

    @property
    def profile_ramp_mm(self) -> float:
        """How far the slice sensitivity profile rises along z, around the edges of the nominal thickness.

        Nothing while the table stands. In a helix neighbouring turns are interpolated, which slopes the profile the
        more the faster the table moves (A. Polacin, W. A. Kalender, G. Marchal, Radiology 185:29, 1992). Our choice: a
        ramp of half the pitch times the thickness, about edges that keep the width at half maximum, as the filters
        along z of multi-row scanners do.
        """
        return 0.0 if self.pitch is None else round(min(1.0, self.pitch / 2.0) * self.slice_thickness_mm, 6)


PROTOCOLS: Mapping[str, CtProtocol] = {
    "HEAD": CtProtocol(
        tube_current_ma=300.0,
        exposure_time_ms=1000.0,
        slice_thickness_mm=5.0,
        slice_spacing_mm=5.0,
        head_holder=True,
        reference_diameter_mm=170.0,
        collimation_mm=20.0,
    ),
    "CHEST": CtProtocol(pitch=1.0, dose_modulation=True, reference_diameter_mm=250.0),
    "ABDOMEN": CtProtocol(
        slice_thickness_mm=5.0, slice_spacing_mm=5.0, pitch=1.0, dose_modulation=True, reference_diameter_mm=280.0
    ),
    "KNEE": CtProtocol(
        tube_current_ma=150.0,
        slice_thickness_mm=1.25,
        slice_spacing_mm=1.25,
        head_holder=True,
        pitch=1.0,
        reference_diameter_mm=120.0,
        collimation_mm=20.0,
    ),
    "LSPINE": CtProtocol(pitch=1.0, dose_modulation=True, reference_diameter_mm=280.0),
    "PHANTOM": CtProtocol(exposure_time_ms=1000.0, collimation_mm=20.0),
}
"""Default protocols by Body Part Examined: customary settings, reference diameters and beam widths, our choice."""
