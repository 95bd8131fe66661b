"""Whole-slide images: from the section to the files, a tile at a time, on all processors."""
