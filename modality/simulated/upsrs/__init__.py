"""The unified worklist of the simulated RIS on the web: UPS-RS (PS3.18 clause 11)."""
