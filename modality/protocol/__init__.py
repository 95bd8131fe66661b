"""Protocols without input or output: what is asked and answered, as data and state tables."""
