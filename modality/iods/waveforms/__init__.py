"""Waveform IODs (PS3.3 A.34), each from a `recording.Recording`."""
