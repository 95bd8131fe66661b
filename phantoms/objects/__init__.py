"""Physical and mathematical test objects."""
