"""Radiotherapy on a CT scan: structures outlined on its slices, a plan of photon beams, and the dose that it gives."""
