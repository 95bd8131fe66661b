"""Modules and functional group macros of the Enhanced MR Image IOD (PS3.3 C.8.13)."""
