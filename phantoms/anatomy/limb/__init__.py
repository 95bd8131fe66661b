"""Limbs: the knee."""
