"""The host's side of a port: serial, pseudo-terminal, TCP, and recordings of them."""
