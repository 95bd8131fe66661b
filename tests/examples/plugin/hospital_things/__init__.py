"""A phantom and a kind of study of a hospital's own."""
