"""Load for archives: an open loop, honest latency, and the truth about what was kept."""
