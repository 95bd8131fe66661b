"""Modules and functional group macros of the Enhanced CT Image IOD (PS3.3 C.8.15)."""
