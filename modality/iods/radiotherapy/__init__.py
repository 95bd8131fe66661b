"""Kinds of radiotherapy on a CT scan: structure set, plan, dose; each about the one before it."""
