"""Verbs that talk to peers."""
