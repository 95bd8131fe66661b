"""Our own requestor on a socket: associations for C-STORE, and for asking what a peer accepts."""
