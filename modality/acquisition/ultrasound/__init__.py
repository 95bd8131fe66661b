"""Ultrasound: echoes along beams, speckle, shadows and flow, drawn as a scanner draws them."""

from modality.acquisition.ultrasound.sonogram import Sonogram
from modality.acquisition.ultrasound.studies import us

__all__ = ["Sonogram", "us"]
