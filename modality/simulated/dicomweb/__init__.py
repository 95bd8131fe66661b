"""The DICOMweb side of the simulated archive: STOW-RS, QIDO-RS and WADO-RS over its store (PS3.18 section 10)."""
