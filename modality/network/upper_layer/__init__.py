"""Connections, TLS, and our own requestor on them: associations for C-STORE, and for asking what a peer accepts."""
