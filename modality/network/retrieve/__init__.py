"""Instances back from where they are kept: an archive over DIMSE or DICOMweb, or a folder."""
