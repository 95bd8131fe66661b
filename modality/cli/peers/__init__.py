"""Verbs that play the peers."""
