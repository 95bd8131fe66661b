"""Image IODs: each a list of modules."""
