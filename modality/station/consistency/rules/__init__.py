"""The rules of the consistency check, by what they look at."""
