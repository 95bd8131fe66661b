"""Modules of ophthalmic refractive measurements (PS3.3 C.8.25)."""
