"""A DICOM modality simulator and edge device; the names here load what they need when first used."""

__version__ = "0.1.0"
