"""Objects that are made from images: segmentations."""
