"""Reformatted images: other planes through the volume that a scan of axial slices has left."""

from __future__ import annotations

from modality.acquisition import orientation as orientations
from modality.acquisition.ct.protocol import CtProtocol
from modality.acquisition.ct.scan import CtAcquisition
from modality.errors import UsageError
from phantoms.phantom import Phantom


class ReformattedCt(CtAcquisition):
    """Slabs of a volume in planes of their own.

    The volume is as fine along z as in the axial plane, as rows of 0.625 mm make it, so that the kernel's point spread
    holds in every direction; a slab has an even profile. Noise is that of an axial slice of the slab's thickness, and
    its texture too: our simplification, since along z a real one's is coarser.
    """

    @property
    def dlp_mgy_cm(self) -> float:
        """Dose-length product of the axial scan behind it: CTDIvol times the phantom's scan range."""
        low, high = self.phantom.scan_range_mm
        return round(self.ctdi_vol_mgy(0) * (high - low) / 10.0, 3)


def reformatted(
    phantom: Phantom,
    protocol: CtProtocol,
    orientation: str,
    *,
    seed: int,
    rows: int,
    columns: int,
    slices: int | None,
    field_of_view_mm: float | None,
) -> CtAcquisition:
    """Plan a reformatted series.

    Args:
        phantom: what is scanned.
        protocol: of the axial scan; the slabs have its slices' thickness and distance.
        orientation: sagittal, coronal or oblique.
        seed: of the noise.
        rows: rows of an image.
        columns: columns of an image.
        slices: number of images, spread over the phantom; None takes the protocol's distance.
        field_of_view_mm: width and height of an image; None takes what shows the whole.

    Raises:
        UnknownNameError: no such orientation.
        UsageError: a number is out of range, or the scan has no such volume.
    """
    if protocol.engine != "fast":
        raise UsageError(f"orientation {orientation}: engine {protocol.engine} makes axial slices only")
    if protocol.gantry_tilt_deg:
        raise UsageError(f"orientation {orientation}: with a tilted gantry the slices are as they were scanned")
    geometry = orientations.stack(
        phantom,
        orientation,
        rows=rows,
        columns=columns,
        slices=slices,
        slice_thickness_mm=protocol.slice_thickness_mm,
        slice_spacing_mm=protocol.slice_spacing_mm,
        field_of_view_mm=field_of_view_mm,
    )
    return ReformattedCt(phantom, protocol, geometry, seed)
