"""Habits of machines: what the standard lets be written in several ways, written in one of them."""
