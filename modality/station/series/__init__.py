"""A series of a study, and what it becomes in the files."""
