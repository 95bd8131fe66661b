"""Modules of projection radiography, mammography and angiography (PS3.3 C.8.1, C.8.7, C.8.11)."""
