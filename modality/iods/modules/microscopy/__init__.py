"""Modules and macros of whole-slide microscopy."""
