"""Verbs that make and change studies."""
