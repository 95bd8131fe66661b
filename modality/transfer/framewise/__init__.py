"""Multi-frame files that are written frame by frame, for images that never stand in memory whole."""
