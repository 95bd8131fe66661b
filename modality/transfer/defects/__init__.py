"""Named defects: valid instances broken in one place each, for what has to notice it (a load, negative tests)."""
