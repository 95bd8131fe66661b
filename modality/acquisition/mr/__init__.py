"""Magnetic resonance imaging: pulse sequences by their signal equations, point spread and Rician noise, in 12 bits."""

from __future__ import annotations

from modality.acquisition.mr.prescription import mr
from modality.acquisition.mr.protocol import PROTOCOLS, MrProtocol
from modality.acquisition.mr.scan import MrAcquisition

__all__ = ["PROTOCOLS", "MrAcquisition", "MrProtocol", "mr"]
