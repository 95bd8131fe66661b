"""Parts of the body."""
