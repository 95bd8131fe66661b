"""Ultrasound image IODs."""
