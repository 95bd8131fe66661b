"""Processes that work for one of ours."""
