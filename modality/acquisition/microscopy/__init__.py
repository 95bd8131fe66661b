"""Microscopy: stains, the pictures of tissue's parts, and a slide scanner's tiles."""

from modality.acquisition.microscopy.scan import SlideAcquisition, microscopy

__all__ = ["SlideAcquisition", "microscopy"]
