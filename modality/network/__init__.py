"""What talks to peers: addresses, associations, and a client for each service."""
