"""Faults of our own, thrown at an archive beside a load: what it answers is told, not judged."""
