"""Thorax and abdomen."""
