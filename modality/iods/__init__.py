"""Frames or measurements and their context made into data sets, after PS3.3."""
