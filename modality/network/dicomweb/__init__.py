"""DICOMweb as user (PS3.18): search, retrieve."""
