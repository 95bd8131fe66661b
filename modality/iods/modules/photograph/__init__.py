"""Modules of pictures and videos (PS3.3 C.7.6, C.8.6, C.8.12)."""
