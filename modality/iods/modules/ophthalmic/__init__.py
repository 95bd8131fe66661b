"""Modules of ophthalmic refractive measurements and photographs (PS3.3 C.8.25, C.8.17)."""
