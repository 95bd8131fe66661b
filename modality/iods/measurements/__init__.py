"""Ophthalmic refractive measurement IODs, from plain values."""
