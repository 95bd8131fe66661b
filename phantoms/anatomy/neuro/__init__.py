"""The head and what lies in it."""
