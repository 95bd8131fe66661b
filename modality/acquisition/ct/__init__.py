"""Computed tomography: protocols, dose, noise, and the slices of a phantom."""

from modality.acquisition.ct.protocol import PROTOCOLS, CtProtocol
from modality.acquisition.ct.scan import CtAcquisition, ct

__all__ = ["PROTOCOLS", "CtAcquisition", "CtProtocol", "ct"]
