"""Modules of documents (PS3.3 C.17, C.24)."""
