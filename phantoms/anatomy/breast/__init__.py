"""The breast, as a mammograph compresses it."""
