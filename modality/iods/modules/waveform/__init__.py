"""Modules of waveform IODs (PS3.3 C.10.8 to C.10.10, C.7.4.2)."""
