"""Unified Procedure Steps without a network: their states, and what a workitem says (PS3.4 annex CC)."""
