"""Stained sections of tissue: outlines, glands and nuclei, computed for any window alone; positions in micrometres."""

from phantoms.tissue.section import TissueSection, tissue_section

__all__ = ["TissueSection", "tissue_section"]
