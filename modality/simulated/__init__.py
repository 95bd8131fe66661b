"""Peers to test against: an archive and a RIS that run inside the process, on real ports."""
