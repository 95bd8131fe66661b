"""`modality load`, and what it says."""
