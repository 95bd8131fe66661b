"""Personas: the habits of machines that no standard forbids, as a TOML tells of them."""
